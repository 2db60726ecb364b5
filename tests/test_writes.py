"""What writes do to one another: one that is cancelled in the middle, and two that wait for one another."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import ORMExecuteState

from jobs.engine import JobEngine
from storage import chargers, locations
from storage.database import Database
from storage.fleet import load
from storage.migrate import migrate
from storage.models import ChargePoint, Location, Organization
from storage.session import ALL_TENANTS
from tests.support.factories import add_charger, add_cpo, add_location, add_ocpi_location, writing
from tests.support.gateway import Tenant
from tests.support.jobs import somebody_waits
from tests.support.one_database import POSTGRESQL

INTERRUPTED = 40
RENAME = """
mutation ($id: ID!, $name: String!) { updateOcpiLocation(input: {id: $id, name: $name}) { ocpiLocation { name } } }
"""
DELETE = "mutation ($id: ID!) { deleteLocation(input: {id: $id}) { deletedId } }"
DELETE_NETWORK = "mutation ($id: ID!) { deleteCpo(input: {id: $id}) { deletedId } }"
REWIRE = 'mutation ($id: ID!) { updateCharger(input: {id: $id, connectorType: "Type1"}) { charger { id } } }'
STATEMENTS = 10  # of a write: enough for it to be cut in each of its steps


async def test_a_writer_that_is_cancelled_between_its_rows_leaves_the_database_to_the_others(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'chargeyard.db'}")
    await asyncio.to_thread(migrate, database)

    interrupted = []  # a task keeps the frames that its cancellation went through, and with them the statement
    for step in range(INTERRUPTED):
        interrupted.append(asyncio.create_task(_write(database, f"lost-{step}")))
        for _ in range(step):
            await asyncio.sleep(0.0002)
        interrupted[-1].cancel()
        await asyncio.wait([interrupted[-1]])
        await _write(database, f"kept-{step}")

    async with database.read(ALL_TENANTS) as session:
        found = set(await session.scalars(select(Organization.id)))
    await database.close()
    assert sum(task.cancelled() for task in interrupted) > INTERRUPTED / 4
    assert {f"kept-{step}" for step in range(INTERRUPTED)} <= found


async def test_jobs_start_while_somebody_writes(tenant: Tenant) -> None:
    jobs = tenant.gateway.services.jobs
    assert isinstance(jobs, JobEngine)
    await jobs.stop()

    async with writing(tenant) as session:
        await session.execute(select(Location.id))
        starting = asyncio.create_task(jobs.start())
        await asyncio.sleep(0)
    await starting

    assert starting.exception() is None


@POSTGRESQL  # on SQLite one writes after the other
async def test_of_two_writers_that_wait_for_one_another_one_is_told_to_try_again(tenant: Tenant) -> None:
    database = tenant.gateway.services.database
    sites = [await add_location(tenant) for _ in range(2)]
    began = asyncio.Barrier(2)

    async def rename(first: Location, second: Location) -> None:
        async with database.write(tenant.organization_id) as session:
            await session.execute(update(Location).where(Location.id == first.id).values(name="new"))
            await began.wait()
            await session.execute(update(Location).where(Location.id == second.id).values(name="new"))

    failures = await asyncio.gather(rename(*sites), rename(*reversed(sites)), return_exceptions=True)

    assert [str(failure) for failure in failures if failure] == [
        "Others changed the same rows at the same time; try again."
    ]


async def test_changes_of_a_networks_location_and_its_deletion_wait_their_turn(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    for _ in range(5):
        row = await add_ocpi_location(tenant, cpo)

        *changes, deletion = await asyncio.gather(
            *(tenant.graphql(RENAME, id=row.id, name=f"Site {number}") for number in range(3)),
            tenant.graphql(DELETE, id=row.location_id),
        )

        assert "errors" not in deletion
        codes = {error["extensions"]["code"] for change in changes for error in change.get("errors", [])}
        assert codes <= {"NOT_FOUND"}


@POSTGRESQL  # on SQLite one writes after the other
async def test_a_network_is_torn_down_behind_who_deletes_a_charger_in_it(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    site = await add_ocpi_location(tenant, cpo)
    charger = await add_charger(tenant, location_id=site.location_id)

    async with writing(tenant) as session:
        await chargers.lock_sites(session, charger.id)
        deletion = asyncio.create_task(tenant.graphql(DELETE_NETWORK, id=str(cpo.id)))
        await somebody_waits(tenant)
        await chargers.take_away(session, [charger.id])

    assert "errors" not in await deletion


@POSTGRESQL  # on SQLite one writes after the other
async def test_a_charger_is_changed_behind_who_deletes_its_site(tenant: Tenant) -> None:
    site = await add_location(tenant)
    charger = await add_charger(tenant, location_id=site.id)

    async with writing(tenant) as session:
        await locations.lock(session, [site.id])
        change = asyncio.create_task(tenant.graphql(REWIRE, id=charger.id))
        await somebody_waits(tenant)
        await locations.remove(session, [site.id])

    (error,) = (await change)["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"


@POSTGRESQL  # on SQLite a reader sees one state of the database
async def test_a_charger_that_is_deleted_while_the_fleet_reads_it_is_read_with_its_station(tenant: Tenant) -> None:
    database = tenant.gateway.services.database
    charger = await add_charger(tenant)

    def delete_meanwhile(state: ORMExecuteState) -> None:
        if state.is_relationship_load:
            with database.work(tenant.organization_id) as session:
                stations = delete(ChargePoint).where(ChargePoint.id == charger.charge_point_id)
                session.execute(stations.execution_options(synchronize_session=False))

    async with database.read(ALL_TENANTS) as session:
        event.listen(session.sync_session, "do_orm_execute", delete_meanwhile)
        (read,) = await load(session, [charger.id])

    assert read.charge_point.id == charger.charge_point_id


async def _write(database: Database, id: str) -> None:
    async with database.write(ALL_TENANTS) as session:
        if await session.get(Organization, id) is None:
            session.add(Organization(id=id))
            await session.flush()
        for _ in range(STATEMENTS):
            changed = update(Organization).values(created_at=Organization.created_at).returning(Organization.id)
            (await session.scalars(changed)).all()
