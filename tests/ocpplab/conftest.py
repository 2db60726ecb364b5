"""The published client (PyPI `ocpplab`), unchanged: each of its calls, sync and async, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from ocpplab import AsyncOcpplabSDK, OcpplabSDK

from tests.support.gateway import Tenant
from tests.support.published_client import Client


@pytest.fixture
async def client(tenant: Tenant) -> AsyncIterator[Client]:
    """The sync client on SQLite, the async one on PostgreSQL: what they send is the same."""
    options: dict[str, Any] = {"base_url": tenant.gateway.url, "token": tenant.token()}
    if tenant.gateway.services.database.is_sqlite:
        with httpx.Client(timeout=30) as http:
            yield Client(OcpplabSDK(**options, httpx_client=http), is_sync=True)
        return
    async with httpx.AsyncClient(timeout=30) as http:
        yield Client(AsyncOcpplabSDK(**options, httpx_client=http), is_sync=False)
