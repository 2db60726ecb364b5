"""Single chargers and their runtime, with the published client."""

from __future__ import annotations

from datetime import UTC, datetime

import ocpplab
import pytest

from tests.support.gateway import Tenant
from tests.support.published_client import Client
from tests.support.rest import CSMS_URL, make_charger, make_location, ready


async def test_chargers_create(client: Client, tenant: Tenant) -> None:
    accepted = await client(
        "chargers.create",
        identity="PARIS-001",
        brand_slug="schneider",
        model_slug="evlink-pro-ac-22kw",
        connector_type="CCS2",
        ws_url=CSMS_URL,
        ocpp_version="OCPP1.6",
        charge_point_name="Bay 1",
        location_id=(await make_location(tenant))["id"],
        location_name="Hub",
    )

    assert accepted.identity == "PARIS-001"
    assert (await ready(tenant, accepted.status_url))["charger_id"] == accepted.charger_id


async def test_chargers_list(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    listed = await client("chargers.list", location_id=charger["location_id"], page=1, limit=10)

    assert [row.id for row in listed.data] == [charger["id"]]


async def test_chargers_get(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    row = await client("chargers.get", charger["id"])

    assert (row.identity, row.vendor_name, row.max_charging_power) == ("PARIS-001", "Schneider Electric", 22000)


async def test_chargers_get_status(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    status = await client("chargers.get_status", charger["id"])

    assert (status.charger_id, status.status, status.error) == (charger["id"], "READY", None)


async def test_chargers_update(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    changed = await client("chargers.update", charger["id"], charge_point_name="Bay 7", ws_url=f"{CSMS_URL}/b")

    assert (changed.name, changed.identity) == ("Bay 7", "PARIS-001")


async def test_chargers_delete(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    await client("chargers.delete", charger["id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("chargers.get", charger["id"])


async def test_chargers_stop_runtime(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    answer = await client("chargers.stop_runtime", charger["id"], request={})

    assert (answer.id, answer.event_type, answer.ocpp_version) == (charger["id"], "stop_charger", "OCPP1.6")
    assert answer.payload["desired_count"] == 0


async def test_chargers_start_runtime(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    answer = await client("chargers.start_runtime", charger["id"], request={})

    assert (answer.event_type, answer.payload["desired_count"]) == ("start_charger", 1)


async def test_chargers_reset_runtime(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    answer = await client("chargers.reset_runtime", charger["id"], request={})

    assert answer.event_type == "reset_charger"


async def test_chargers_get_logs(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    logs = await client(
        "chargers.get_logs", charger["id"], start_date=datetime(2026, 1, 1, tzinfo=UTC), event="Heartbeat", limit=10
    )

    assert (logs.data, logs.total, logs.limit, logs.offset) == ([], 0, 10, 0)
