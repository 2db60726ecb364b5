"""Networks over their life: generated, ended by time or by request, taken up again when their sites failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import networks
from storage.models import Charger, ConnectorEvent, Cpo, Credentials, Job, JobItem, OcppMessage, utc_now
from storage.networks import ROWS_OF_A_CHARGER
from tests.support.factories import add_charger, add_cpo, add_job, add_ocpi_location, writing
from tests.support.gateway import Tenant
from tests.support.jobs import BULK, DEADLINE_S, over, row_counts, sites, start_bulk
from tests.support.rest import SITE

CREATE = """
mutation ($input: CreateCpoInput!) { createCpo(input: $input) { cpo { id party { partyId } } tokenA job { id } } }
"""
DELETE = "mutation ($id: ID!) { deleteCpo(input: {id: $id}) { deletedId } }"
SITES = """
query ($id: ID!) {
  cpo(id: $id) {
    provisioning { status error { code } }
    locations(orderBy: [{field: NAME, direction: ASC}]) {
      nodes { name address city coordinates { latitude longitude } chargers { nodes { identity } } }
    }
  }
}
"""
RETRY = "mutation ($id: ID!) { retryJob(input: {id: $id}) { job { id } } }"
KEEP_ON_SQLITE = [
    "CREATE TRIGGER kept BEFORE DELETE ON networks WHEN old.id = NETWORK BEGIN SELECT RAISE(ABORT, 'kept'); END",
]
KEEP_ON_POSTGRESQL = [
    "CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'kept'; END $$",
    "CREATE TRIGGER kept BEFORE DELETE ON networks FOR EACH ROW WHEN (old.id = NETWORK) EXECUTE FUNCTION keep()",
]


async def create(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """A network whose job is over."""
    wanted = {"template": "mixed-depot", "countryCode": "FR", "partyId": "ABC", "namePrefix": "n-", **changes}
    made: dict[str, Any] = (await tenant.data(CREATE, input=wanted))["createCpo"]
    await over(tenant, made["job"]["id"])
    return made


async def gone(tenant: Tenant, id: int) -> None:
    """Returns when the network is there no more."""
    deadline = time.monotonic() + DEADLINE_S
    while (await tenant.data("query ($id: ID!) { cpo(id: $id) { id } }", id=str(id)))["cpo"] is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def add_history(tenant: Tenant, charger: Charger, count: int) -> None:
    """So many frames of a charger, and as many changes of its connector."""
    async with writing(tenant) as session:
        for number in range(count):
            row = {"id": f"{charger.id[-24:]}{number}", "charger_id": charger.id}
            session.add(OcppMessage(**row, direction="cp_to_csms", action="Heartbeat", message="[]"))
            session.add(ConnectorEvent(**row, connector_number=1, status="AVAILABLE", ocpp_status="Available"))


async def history_left(session: AsyncSession) -> int:
    """How many frames and changes of connectors the tenant has."""
    counts = [await session.scalars(select(func.count()).select_from(kind)) for kind in (OcppMessage, ConnectorEvent)]
    return sum(count.one() for count in counts)


@asynccontextmanager
async def undeletable(tenant: Tenant, network_id: int) -> AsyncIterator[None]:
    """A network whose row the database keeps."""
    is_sqlite = tenant.gateway.services.database.is_sqlite
    async with writing(tenant) as session:
        connection = await session.connection()
        for statement in KEEP_ON_SQLITE if is_sqlite else KEEP_ON_POSTGRESQL:
            await connection.execute(text(statement.replace("NETWORK", str(network_id))))
    yield
    async with writing(tenant) as session:
        connection = await session.connection()
        await connection.execute(text("DROP TRIGGER kept" if is_sqlite else "DROP TRIGGER kept ON networks"))


@pytest.mark.parametrize("template", ["small-urban-ac", "highway-dc", "mixed-depot"])
async def test_the_same_seed_gives_the_same_network_and_another_seed_another(tenant: Tenant, template: str) -> None:
    first = await create(tenant, template=template, seed=7)
    sites_of_first = (await tenant.data(SITES, id=first["cpo"]["id"]))["cpo"]
    await tenant.data(DELETE, id=first["cpo"]["id"])

    again = await create(tenant, template=template, seed=7)
    other = await create(tenant, template=template, seed=8)

    assert (await tenant.data(SITES, id=again["cpo"]["id"]))["cpo"] == sites_of_first
    assert (await tenant.data(SITES, id=other["cpo"]["id"]))["cpo"] != sites_of_first


async def test_a_network_whose_identities_are_taken_is_refused_before_anything_is_made(tenant: Tenant) -> None:
    await create(tenant, seed=7)
    before = await row_counts(tenant)

    wanted = {"template": "mixed-depot", "countryCode": "FR", "partyId": "ABC", "namePrefix": "n-", "seed": 7}
    result = await tenant.graphql(CREATE, input=wanted)

    assert result["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert await row_counts(tenant) == before


async def test_an_expired_network_goes_with_all_that_is_in_it(tenant: Tenant) -> None:
    made = await create(tenant)

    async with writing(tenant) as session:
        await session.execute(update(Cpo).values(expires_at=utc_now() - timedelta(minutes=5)))
    await gone(tenant, made["cpo"]["id"])

    counts = await row_counts(tenant)
    assert {name for name, count in counts.items() if count} == {"job_items", "job_events"}
    async with writing(tenant) as session:
        assert (await session.scalars(select(func.count()).select_from(Credentials))).one() == 0


async def test_a_network_that_cannot_be_torn_down_does_not_hold_up_the_next(tenant: Tenant) -> None:
    overdue, next_one = await add_cpo(tenant), await add_cpo(tenant)

    async with undeletable(tenant, overdue.id):
        async with writing(tenant) as session:
            for network, minutes in ((overdue, 5), (next_one, 1)):
                past = utc_now() - timedelta(minutes=minutes)
                await session.execute(update(Cpo).where(Cpo.id == network.id).values(expires_at=past))
        await gone(tenant, next_one.id)

        assert (await tenant.data(SITES, id=str(overdue.id)))["cpo"] is not None
    await gone(tenant, overdue.id)


async def test_a_deleted_network_ends_its_jobs_and_leaves_nothing(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    await add_charger(tenant, location_id=(await add_ocpi_location(tenant, cpo)).location_id)
    job_id = await start_bulk(tenant, cpo.id, sites(400, chargers=1))

    await tenant.data(DELETE, id=str(cpo.id))

    job = await over(tenant, job_id)
    assert (job["status"], job["error"]["code"]) == ("FAILED", "cancelled")
    counts = await row_counts(tenant)
    assert {name for name, count in counts.items() if count} == {"job_items", "job_events"}


async def test_what_chargers_said_goes_in_batches_before_them(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    charger = await add_charger(tenant, location_id=(await add_ocpi_location(tenant, cpo)).location_id)
    await add_history(tenant, charger, 45)

    left = [90]
    is_gone = False
    while not is_gone:
        async with writing(tenant) as session:
            is_gone, _ = await networks.remove_some(session, cpo.id, 2)
            left.append(await history_left(session))

    assert left[-1] == 0
    assert max(before - after for before, after in pairwise(left)) <= 2 * ROWS_OF_A_CHARGER


async def test_a_network_whose_time_is_over_takes_no_more_work(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant, expires_at=utc_now())
    failed = await add_job(tenant, items=1, network_id=cpo.id)
    async with writing(tenant) as session:
        await session.execute(update(JobItem).values(status="FAILED"))

    bulk = await tenant.graphql(BULK, input={"cpoId": str(cpo.id), "locations": sites(1)})
    retry = await tenant.graphql(RETRY, id=failed.id)

    assert bulk["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert retry["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_requests_that_race_with_the_deletion_of_their_network_leave_nothing(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    wanted = [{"cpoId": str(cpo.id), "locations": sites(30, chargers=1)} for _ in range(6)]

    deletion, *answers = await asyncio.gather(
        tenant.graphql(DELETE, id=str(cpo.id)), *(tenant.graphql(BULK, input=input) for input in wanted)
    )

    assert "errors" not in deletion
    for answer in answers:
        if "errors" in answer:
            assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        else:
            await over(tenant, answer["data"]["bulkCreateOcpiLocations"]["job"]["id"])
    counts = await row_counts(tenant)
    assert {name for name, count in counts.items() if count} <= {"job_items", "job_events"}


async def test_deleting_an_unknown_or_foreign_network_finds_nothing(tenant: Tenant, stranger: Tenant) -> None:
    foreign = await add_cpo(stranger)

    for id in (str(foreign.id), "999999999"):
        result = await tenant.graphql(DELETE, id=id)
        assert result["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await stranger.data(SITES, id=str(foreign.id)))["cpo"] is not None


async def test_a_network_that_failed_becomes_ready_when_its_job_is_tried_again(tenant: Tenant) -> None:
    error = {"code": "identity_conflict", "message": "Already in use: X.", "retryable": False}
    cpo = await add_cpo(tenant, status="FAILED", error=error)
    payload = {**SITE, "timezone": None, "owner_name": None, "public": True, "parking_type": None, "charges": None}
    async with writing(tenant) as session:
        session.add(job := Job(type="CREATE_CPO", total=1, failed=1, network_id=cpo.id, status="FAILED", error=error))
        await session.flush()
        session.add(JobItem(job_id=job.id, index=0, name="Depot", payload=payload, status="FAILED", error=error))

    retried = (await tenant.data(RETRY, id=job.id))["retryJob"]["job"]
    await over(tenant, retried["id"])

    network = (await tenant.data(SITES, id=str(cpo.id)))["cpo"]
    assert network["provisioning"] == {"status": "READY", "error": None}
    assert [site["name"] for site in network["locations"]["nodes"]] == [SITE["name"]]
