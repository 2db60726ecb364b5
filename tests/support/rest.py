"""What REST tests begin with: networks, sites and chargers that are there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tests.support.csms import Csms
from tests.support.gateway import Tenant

CSMS_URL = "ws://127.0.0.1:9/ocpp"  # the discard port: chargers made with it are provisioned, never connected
SITE: dict[str, Any] = {
    "name": "La Défense Charging Hub",
    "address": "14 Rue de la Paix",
    "city": "Paris",
    "country": "FR",
    "coordinates": {"latitude": 48.8566, "longitude": 2.3522},
}
CHARGER_TEMPLATE: dict[str, Any] = {
    "brand_slug": "schneider",
    "model_slug": "evlink-pro-ac-22kw",
    "connector_type": "Type2",
    "ocpp_version": "OCPP1.6",
    "ws_url": CSMS_URL,
    "identity_prefix": "PARIS-",
}
NETWORK: dict[str, Any] = {
    "template": "small-urban-ac",
    "country_code": "FR",
    "party_id": "ABC",
    "name_prefix": "alice",
}
DEADLINE_S = 30.0


async def made(tenant: Tenant, path: str, body: Any, status: int = 201, **options: Any) -> dict[str, Any]:
    """The answer of a POST that succeeds."""
    found, answer = await tenant.rest("POST", path, json=body, **options)
    assert found == status, answer
    result: dict[str, Any] = answer
    return result


async def got(tenant: Tenant, path: str) -> dict[str, Any]:
    """The answer of a GET that succeeds."""
    status, answer = await tenant.rest("GET", path)
    assert status == 200, answer
    result: dict[str, Any] = answer
    return result


async def until(tenant: Tenant, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The answer of a GET once it is as wanted."""
    deadline = time.monotonic() + DEADLINE_S
    while not done(answer := await got(tenant, path)):
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.05)
    return answer


async def ended(tenant: Tenant, status_url: str) -> dict[str, Any]:
    """What a status URL answers once its work is READY or FAILED."""
    return await until(tenant, status_url, lambda answer: answer["status"] in {"READY", "FAILED"})


async def ready(tenant: Tenant, status_url: str) -> dict[str, Any]:
    """As `ended`, for work that succeeds."""
    answer = await ended(tenant, status_url)
    assert answer["status"] == "READY", answer
    return answer


async def make_location(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return await made(tenant, "/ocpp/locations", {**SITE, **changes})


async def make_network(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """A network of one site with one charger, provisioned."""
    body = {**NETWORK, "overrides": {"locations": 1, "chargers_per_location": 1}, **changes}
    network = await made(tenant, "/ocpi/cpos", body, 202)
    await ready(tenant, network["status_url"])
    return network


async def make_chargers(tenant: Tenant, location_id: str, *suffixes: str, **template: Any) -> list[dict[str, Any]]:
    """Chargers of a location, provisioned, in the order of their suffixes."""
    group = {"template": {**CHARGER_TEMPLATE, **template}, "charger_ids": list(suffixes)}
    job = await made(tenant, f"/ocpp/locations/{location_id}/chargers", [group], 202)
    answer = await ready(tenant, job["status_url"])
    assert answer["results"]["failed"] == []
    chargers: list[dict[str, Any]] = answer["results"]["created"]
    return chargers


async def make_charger(tenant: Tenant) -> dict[str, Any]:
    """A charger of a new location, provisioned."""
    (charger,) = await make_chargers(tenant, (await make_location(tenant))["id"], "001")
    return charger


async def connected_chargers(tenant: Tenant, csms: Csms, *suffixes: str) -> list[dict[str, Any]]:
    """Chargers of a new location that have booted at the CSMS and are free."""
    site = await make_location(tenant)
    chargers = await make_chargers(tenant, site["id"], *suffixes, ws_url=csms.url)
    for charger in chargers:
        await (await csms.station(charger["identity"])).status("Available")
    return chargers
