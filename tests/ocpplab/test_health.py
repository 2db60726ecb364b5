"""The landing page and the health check, with the published client."""

from __future__ import annotations

from tests.support.published_client import Client


async def test_health_health_check(client: Client) -> None:
    assert await client("health.health_check") == {"status": "ok"}


async def test_health_landing_page(client: Client) -> None:
    assert "<html" in (await client("health.landing_page")).lower()
