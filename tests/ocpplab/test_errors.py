"""What the published client raises where a call is refused."""

from __future__ import annotations

import httpx
import ocpplab
import pytest
from ocpplab import (
    AsyncOcpplabSDK,
)

from tests.support.gateway import Tenant
from tests.support.published_client import Client


async def test_a_token_that_does_not_verify_raises_what_the_client_has_for_it(tenant: Tenant) -> None:
    async with httpx.AsyncClient() as http:
        sdk = AsyncOcpplabSDK(base_url=tenant.gateway.url, token="nonsense", httpx_client=http)
        with pytest.raises(ocpplab.UnauthorizedError) as caught:
            await sdk.locations.list()
    assert caught.value.body.detail == "The token is not valid."


async def test_a_value_that_breaks_a_rule_raises_what_the_client_has_for_it(client: Client) -> None:
    with pytest.raises(ocpplab.UnprocessableEntityError) as caught:
        await client("locations.list", limit=101)
    assert caught.value.body["detail"][0]["loc"] == ["query", "limit"]
