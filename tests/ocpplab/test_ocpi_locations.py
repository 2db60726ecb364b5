"""Sites of a network, with the published client."""

from __future__ import annotations

from typing import Any

import ocpplab
import pytest
from ocpplab import (
    LocationFromTemplateRequest,
    OcpiChargerGroup,
    OcpiChargerTemplate,
    OcpiCoordinates,
    OcpiCreateLocationRequest,
)

from tests.support.gateway import Tenant
from tests.support.published_client import Client
from tests.support.rest import CHARGER_TEMPLATE, SITE, got, make_network, ready


async def one_site(tenant: Tenant) -> tuple[str, dict[str, Any]]:
    """A network's id, and its only site."""
    cpo_id = (await make_network(tenant))["cpo_id"]
    (site,) = (await got(tenant, f"/ocpi/cpos/{cpo_id}/locations"))["data"]
    return cpo_id, site


async def test_ocpi_locations_create(client: Client, tenant: Tenant) -> None:
    cpo_id = (await make_network(tenant))["cpo_id"]
    full = OcpiCreateLocationRequest(
        **{**SITE, "coordinates": OcpiCoordinates(**SITE["coordinates"])},
        parking_type="PARKING_GARAGE",
        charges=[OcpiChargerGroup(template=OcpiChargerTemplate(**CHARGER_TEMPLATE), charger_ids=["001", "002"])],
    )
    template = LocationFromTemplateRequest(template="urban-ac-hub", overrides={"identity_prefix": "HUB-"})

    job = await client("ocpi_locations.create", cpo_id, locations=[full, template])

    answer = await ready(tenant, job.status_url)
    assert [len(site["chargers"]) for site in answer["results"]["created"]] == [2, 4]


async def test_ocpi_locations_get_bulk_job(client: Client, tenant: Tenant) -> None:
    cpo_id = (await make_network(tenant))["cpo_id"]
    accepted = await client("ocpi_locations.create", cpo_id, locations=[OcpiCreateLocationRequest(**SITE)])
    await ready(tenant, accepted.status_url)

    job = await client("ocpi_locations.get_bulk_job", cpo_id, accepted.job_id)

    assert (job.status, job.results["created_count"], job.results["failed"]) == ("READY", 1, [])


async def test_ocpi_locations_list(client: Client, tenant: Tenant) -> None:
    cpo_id = (await make_network(tenant))["cpo_id"]

    listed = await client("ocpi_locations.list", cpo_id, page=1, limit=10)

    assert listed.total == 1
    assert listed.data[0].chargers[0].evses[0].evse_uid == listed.data[0].chargers[0].identity


async def test_ocpi_locations_get(client: Client, tenant: Tenant) -> None:
    cpo_id, site = await one_site(tenant)

    assert (await client("ocpi_locations.get", cpo_id, site["id"])).name == site["name"]


async def test_ocpi_locations_update(client: Client, tenant: Tenant) -> None:
    cpo_id, site = await one_site(tenant)

    changed = await client("ocpi_locations.update", cpo_id, site["id"], name="New", timezone=None)

    assert (changed.name, changed.timezone, changed.slug) == ("New", None, site["slug"])


async def test_ocpi_locations_delete(client: Client, tenant: Tenant) -> None:
    cpo_id, site = await one_site(tenant)

    await client("ocpi_locations.delete", cpo_id, site["id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("ocpi_locations.delete", cpo_id, site["id"])
