"""Chargers of a site, many at a time, with the published client."""

from __future__ import annotations

from ocpplab import (
    ChargerGroup,
    ChargerTemplate,
    UpdateLocationChargerItem,
)

from tests.support.gateway import Tenant
from tests.support.published_client import Client
from tests.support.rest import CHARGER_TEMPLATE, make_charger, make_chargers, make_location, ready


async def test_location_chargers_create(client: Client, tenant: Tenant) -> None:
    site = await make_location(tenant)
    group = ChargerGroup(template=ChargerTemplate(**CHARGER_TEMPLATE), charger_ids=["1"], chargers_number=3)

    job = await client("location_chargers.create", site["id"], request=[group])

    assert (await ready(tenant, job.status_url))["results"]["created_count"] == 3


async def test_location_chargers_get_bulk_job(client: Client, tenant: Tenant) -> None:
    site = await make_location(tenant)
    group = ChargerGroup(template=ChargerTemplate(**CHARGER_TEMPLATE), charger_ids=["1", "1"])
    accepted = await client("location_chargers.create", site["id"], request=[group])
    await ready(tenant, accepted.status_url)

    job = await client("location_chargers.get_bulk_job", site["id"], accepted.job_id)

    assert (job.status, job.results["created_count"], job.results["failed_count"]) == ("READY", 1, 1)


async def test_location_chargers_list(client: Client, tenant: Tenant) -> None:
    site = await make_location(tenant)
    first, _ = await make_chargers(tenant, site["id"], "1", "2")

    listed = await client("location_chargers.list", site["id"], charger_ids=[first["id"]])

    assert [row.id for row in listed.data] == [first["id"]]


async def test_location_chargers_update(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)
    items = [
        UpdateLocationChargerItem(charger_id=charger["id"], name="Bay 7"),
        UpdateLocationChargerItem(charger_id="unknown"),
    ]

    answer = await client("location_chargers.update", charger["location_id"], chargers=items)

    assert (answer.updated_count, answer.failed_count) == (1, 1)
    assert (answer.updated[0].name, answer.failed[0].charger_id) == ("Bay 7", "unknown")


async def test_location_chargers_delete(client: Client, tenant: Tenant) -> None:
    charger = await make_charger(tenant)

    answer = await client("location_chargers.delete", charger["location_id"], charger_ids=[charger["id"], "unknown"])

    assert (answer.deleted, answer.failed[0].charger_id) == ([charger["id"]], "unknown")
