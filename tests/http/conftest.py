"""The endpoint that tests of the transport share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.endpoint import Endpoint, running_endpoint


@pytest.fixture(scope="session")
async def endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    """An endpoint with the default settings."""
    async with running_endpoint(tmp_path_factory.mktemp("endpoint")) as endpoint:
        yield endpoint
