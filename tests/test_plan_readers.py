"""How compiled reads run: within their time, on sessions that break, and many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Thread, current_thread
from typing import Any

import pytest
from sqlalchemy import text

from storage.models.base import new_id
from storage.plan import Plan, ReadFailed, postgres, sqlite
from storage.session import ALL_TENANTS
from tests.support.chargers import eventually
from tests.support.compiled import Compiled, compiled, compiled_data
from tests.support.factories import add_location
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE, POSTGRESQL

SITES = "{ locations { nodes { name } totalCount } }"
COORDINATES = "{ locations { nodes { coordinates { latitude } } } }"
SITE = "query ($id: ID!) { location(id: $id) { id name } }"


@ONE_DATABASE
async def test_a_read_that_takes_long_runs_in_a_thread_on_sqlite(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = tenant.gateway.services.database.reads
    site = await add_location(tenant)
    threads: list[Thread] = []

    def exact(value: float) -> str:
        threads.append(current_thread())
        return repr(value)

    monkeypatch.setattr(sqlite, "LOOP_BUDGET_S", -1.0)
    monkeypatch.setattr(sqlite, "CHECK_EVERY", 1)
    monkeypatch.setattr(sqlite, "_exact", exact)  # SQLite calls it where the statement runs
    await reads.close()  # the next connection looks at the clock at every step

    data = await compiled_data(tenant, COORDINATES)
    await reads.close()

    assert data == {"locations": {"nodes": [{"coordinates": {"latitude": site.latitude}}]}}
    assert threads
    assert current_thread() not in threads


async def test_a_read_that_takes_too_long_is_stopped(tenant: Tenant) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 0 FROM n) SELECT count(*) FROM n"

    with pytest.raises(TimeoutError):
        await fetched(tenant, endless, timeout_s=0.2)

    assert (await compiled_data(tenant, SITES))["locations"]["totalCount"] == 0


@POSTGRESQL
async def test_reads_go_on_after_the_database_has_closed_their_connections(tenant: Tenant) -> None:
    await compiled_data(tenant, SITES)
    async with tenant.gateway.services.database.read(ALL_TENANTS) as session:
        connection = await session.connection()
        await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chargeyard-reads'")
        )

    answers = [await tenant.data(SITES) for _ in range(3)]

    assert [answer["locations"]["totalCount"] for answer in answers] == [0, 0, 0]
    await eventually(lambda: compiled(tenant, SITES), lambda planned: planned is not None)


async def test_many_reads_at_once_wait_for_their_turn(tenant: Tenant) -> None:
    await add_location(tenant)

    answers = await asyncio.gather(*(compiled_data(tenant, SITES) for _ in range(3 * postgres.CONNECTIONS)))

    assert [answer["locations"]["totalCount"] for answer in answers] == [1] * len(answers)


@POSTGRESQL  # on SQLite it runs to its end before anyone can cancel it
async def test_a_read_that_is_cancelled_leaves_its_connection_to_nobody(tenant: Tenant) -> None:
    sleep = "SELECT pg_sleep(30)::text"
    sleeping = "SELECT to_json(count(*)) FROM pg_stat_activity WHERE query = $1 AND state = 'active'"

    asking = asyncio.create_task(fetched(tenant, sleep))
    await eventually(lambda: fetched(tenant, sleeping, sleep), lambda found: found == (b"1",))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert await fetched(tenant, "SELECT 'x'") is not None


@POSTGRESQL  # on SQLite the standard library keeps its statements, and tells nobody
async def test_a_statement_is_parsed_and_planned_once(tenant: Tenant) -> None:
    statement = "SELECT to_json('a statement of this test'::text)"
    await fetched(tenant, "SELECT to_json(1)")

    for _ in range(3):
        await fetched(tenant, statement)

    told = "SELECT json_build_array(count(*), sum(generic_plans)) FROM pg_prepared_statements WHERE statement = $1"
    assert await fetched(tenant, told, statement) == (b"[1, 3]",)


async def test_reads_at_once_get_each_their_own_row(
    tenant: Tenant, stranger: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MAX_TOGETHER", 4)
    site, other = await add_location(tenant), await add_location(stranger)
    ours, theirs = Compiled(tenant, SITE), Compiled(stranger, SITE)
    nobody = new_id()

    asked = [(who, id) for who in (ours, theirs) for id in (site.id, other.id, nobody)] * 3
    answers = await asyncio.gather(*(who.data(id=id) for who, id in asked))

    def own(name: str, id: str) -> dict[str, Any]:
        return {"location": {"id": id, "name": name}}

    nothing = {"location": None}
    assert answers == [own(site.name, site.id), nothing, nothing, nothing, own(other.name, other.id), nothing] * 3


@POSTGRESQL
async def test_reads_of_one_row_at_once_are_one_statement(tenant: Tenant) -> None:
    site = await add_location(tenant)
    plan = Compiled(tenant, "query ($id: ID!) { location(id: $id) { asOneStatement: name } }")
    await plan.answer(id=site.id)

    await asyncio.gather(*(plan.answer(id=site.id) for _ in range(20)))

    runs = "SELECT json_agg(generic_plans ORDER BY prepare_time) FROM pg_prepared_statements WHERE statement LIKE $1"
    assert await fetched(tenant, runs, "%asOneStatement%") == (b"[1, 1]",)  # the one alone, and the twenty


@POSTGRESQL
async def test_a_read_that_is_left_takes_nothing_from_those_it_went_out_with(tenant: Tenant) -> None:
    site = await add_location(tenant)
    plan = Compiled(tenant, SITE)
    reads = [asyncio.create_task(plan.data(id=site.id)) for _ in range(3)]
    await asyncio.sleep(0)

    reads[0].cancel()
    answers = await asyncio.gather(*reads, return_exceptions=True)

    site_data = {"location": {"id": site.id, "name": site.name}}
    assert [type(answers[0]), *answers[1:]] == [asyncio.CancelledError, site_data, site_data]


@POSTGRESQL
@pytest.mark.parametrize(("statement", "failure"), [("nonsense", ReadFailed), ("SELECT pg_sleep(30)", TimeoutError)])
async def test_what_goes_wrong_is_told_to_all_who_read_together(
    tenant: Tenant, statement: str, failure: type[Exception]
) -> None:
    reads = tenant.gateway.services.database.reads
    plan = Plan(statement, together=statement)

    answers = await asyncio.gather(*(reads.fetch(plan, [], 0.2) for _ in range(3)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [failure] * 3


async def fetched(tenant: Tenant, statement: str, *arguments: Any, timeout_s: float = 5.0) -> Sequence[bytes | None]:
    """What the reader answers to a statement."""
    return await tenant.gateway.services.database.reads.fetch(Plan(statement), arguments, timeout_s)
