"""What writes do to one another: one that is cancelled in the middle, and two that wait for one another."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import select, update

from jobs.engine import JobEngine
from storage.database import Database
from storage.migrate import migrate
from storage.models import Location, Organization
from storage.session import ALL_TENANTS
from tests.support.factories import add_cpo, add_location, add_ocpi_location, writing
from tests.support.gateway import Tenant
from tests.support.one_database import POSTGRESQL

INTERRUPTED = 40
RENAME = """
mutation ($id: ID!, $name: String!) { updateOcpiLocation(input: {id: $id, name: $name}) { ocpiLocation { name } } }
"""
DELETE = "mutation ($id: ID!) { deleteLocation(input: {id: $id}) { deletedId } }"
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


async def _write(database: Database, id: str) -> None:
    async with database.write(ALL_TENANTS) as session:
        if await session.get(Organization, id) is None:
            session.add(Organization(id=id))
            await session.flush()
        for _ in range(STATEMENTS):
            changed = update(Organization).values(created_at=Organization.created_at).returning(Organization.id)
            (await session.scalars(changed)).all()
