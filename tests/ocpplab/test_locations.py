"""Sites, with the published client."""

from __future__ import annotations

import ocpplab
import pytest
from ocpplab import (
    Coordinates,
)

from tests.support.gateway import Tenant
from tests.support.published_client import Client
from tests.support.rest import SITE, make_location


async def test_locations_create(client: Client) -> None:
    site = await client("locations.create", **{**SITE, "coordinates": Coordinates(**SITE["coordinates"])})

    assert (site.name, site.country, site.status, site.public) == (SITE["name"], "FR", "active", True)
    assert site.coordinates.latitude == 48.8566
    assert site.created_at == site.updated_at


async def test_locations_list(client: Client, tenant: Tenant) -> None:
    made = [await make_location(tenant) for _ in range(3)]

    listed = await client("locations.list", page=1, limit=2)

    assert [site.id for site in listed.data] == [made[2]["id"], made[1]["id"]]
    assert (listed.total, listed.page, listed.limit) == (3, 1, 2)


async def test_locations_get(client: Client, tenant: Tenant) -> None:
    made = await make_location(tenant)

    assert (await client("locations.get", made["id"])).slug == made["slug"]


async def test_locations_update(client: Client, tenant: Tenant) -> None:
    made = await make_location(tenant, owner_name="VINCI")

    changed = await client("locations.update", made["id"], city="Lyon", owner_name=None)

    assert (changed.city, changed.owner_name, changed.address) == ("Lyon", None, made["address"])


async def test_locations_delete(client: Client, tenant: Tenant) -> None:
    made = await make_location(tenant)

    await client("locations.delete", made["id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("locations.get", made["id"])
