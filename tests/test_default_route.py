"""The default route of a site: its first charger has it, and where that one goes, one that stays or comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from storage import chargers, work
from storage.models import OcpiLocation
from tests.support.factories import add_charger, add_cpo, add_ocpi_location, writing
from tests.support.gateway import NO_CSMS, Tenant
from tests.support.jobs import over, somebody_waits
from tests.support.one_database import POSTGRESQL

CHARGERS = "query ($id: ID!) { ocpiLocation(id: $id) { chargers { nodes { id identity topologyDefaultId } } } }"
ADD = "mutation ($input: CreateChargerInput!) { createCharger(input: $input) { job { id } } }"
ADD_MANY = "mutation ($input: BulkCreateChargersInput!) { bulkCreateChargers(input: $input) { job { id } } }"
MOVE = "mutation ($id: ID!, $to: ID!) { updateCharger(input: {id: $id, locationId: $to}) { charger { id } } }"
TAKE_AWAY = "mutation ($id: ID!) { deleteCharger(input: {id: $id}) { deletedId } }"
KIND = {"brandSlug": "wallbox", "modelSlug": "wallbox-pulsar-plus", "connectorType": "Type2", "wsUrl": NO_CSMS}
A_MOMENT_S = 1.0  # longer than a write takes that does not wait

pytestmark = POSTGRESQL  # on SQLite one writes after the other


class Site:
    """An OCPI location with one charger, which has its default route."""

    def __init__(self, tenant: Tenant, row: OcpiLocation) -> None:
        self._tenant = tenant
        self._id = row.id
        self.location_id = row.location_id

    async def chargers(self) -> list[dict[str, Any]]:
        site = (await self._tenant.data(CHARGERS, id=self._id))["ocpiLocation"]
        nodes: list[dict[str, Any]] = site["chargers"]["nodes"]
        return nodes

    async def defaults(self) -> dict[str, bool]:
        """Whether each charger, by its identity, has the default route."""
        return {node["identity"]: node["topologyDefaultId"] is not None for node in await self.chargers()}

    async def add(self, identity: str) -> None:
        """Returns when the charger is made."""
        made = await self._tenant.data(ADD, input={**KIND, "identity": identity, "locationId": self.location_id})
        await over(self._tenant, made["createCharger"]["job"]["id"])

    async def add_many(self, *identities: str) -> None:
        """Returns when a job has made the chargers."""
        groups = [{"template": KIND, "chargerIds": identities}]
        made = await self._tenant.data(ADD_MANY, input={"locationId": self.location_id, "groups": groups})
        job = await over(self._tenant, made["bulkCreateChargers"]["job"]["id"])
        assert job["progress"]["succeeded"] == len(identities), job

    @asynccontextmanager
    async def first_goes(self) -> AsyncIterator[None]:
        """The only charger is deleted, by a transaction that ends with the block."""
        (first,) = [charger["id"] for charger in await self.chargers()]
        async with writing(self._tenant) as session:
            await chargers.lock_sites(session, first)
            await chargers.take_away(session, [first])
            yield


@pytest.fixture
async def site(tenant: Tenant) -> Site:
    site = Site(tenant, await add_ocpi_location(tenant, await add_cpo(tenant)))
    await site.add("FIRST")
    return site


async def test_a_charger_that_comes_while_the_only_one_goes_has_the_default_route(site: Site) -> None:
    async with site.first_goes():
        coming = asyncio.create_task(site.add("NEXT"))
        await asyncio.wait({coming}, timeout=A_MOMENT_S)
    await coming

    assert await site.defaults() == {"NEXT": True}


async def test_of_chargers_that_a_job_makes_while_the_only_one_goes_one_has_the_default_route(site: Site) -> None:
    async with site.first_goes():
        coming = asyncio.create_task(site.add_many("NEXT", "LAST"))
        await asyncio.wait({coming}, timeout=A_MOMENT_S)
    await coming

    assert await site.defaults() == {"NEXT": True, "LAST": False}


async def test_the_only_charger_goes_behind_one_that_is_coming_and_leaves_it_the_default_route(
    tenant: Tenant, site: Site
) -> None:
    (first,) = await site.chargers()

    async with writing(tenant) as session:
        await session.run_sync(work.lock_tenant)
        coming = asyncio.create_task(site.add("NEXT"))
        await somebody_waits(tenant)  # to be accepted, with the site read
        going = asyncio.create_task(tenant.data(TAKE_AWAY, id=first["id"]))
        await asyncio.wait({going}, timeout=A_MOMENT_S)
    await asyncio.gather(coming, going)

    assert await site.defaults() == {"NEXT": True}


async def test_a_charger_that_moves_in_while_the_only_one_goes_has_the_default_route(
    tenant: Tenant, site: Site
) -> None:
    mover = await add_charger(tenant, identity="NEXT")

    async with site.first_goes():
        moving = asyncio.create_task(tenant.data(MOVE, id=mover.id, to=site.location_id))
        await asyncio.wait({moving}, timeout=A_MOMENT_S)
    await moving

    assert await site.defaults() == {"NEXT": True}
