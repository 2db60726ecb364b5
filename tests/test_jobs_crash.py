"""What dies comes back: gateways as processes, killed at every stage of a job, on both databases.

After each the same is asked: every row once in every table, no orphan, the job over, its counts and events right.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from storage.models import utc_now, wire
from tests.support.databases import KINDS, empty_database
from tests.support.gateway import Tenant
from tests.support.jobs import BULK, DEADLINE_S, over, site, sites, start_bulk
from tests.support.nodes import Node, nodes
from tests.support.operator import Operator, operator_of, wanted
from tests.support.processes import ROOT, Executed
from tests.support.rest import SITE

SITES = 120
DUE = """
query ($network: ID!, $old: ID!, $recent: ID!) {
  network: cpo(id: $network) { id } old: job(id: $old) { id } recent: job(id: $recent) { id items { totalCount } }
}
"""
# what keeps a job from being accepted: on PostgreSQL at the end of its transaction, on SQLite at the beginning
HOLD = {
    "postgresql": "LOCK TABLE dbos.workflow_status IN SHARE ROW EXCLUSIVE MODE",
    "sqlite": "BEGIN IMMEDIATE",
}
IS_HELD = {
    "postgresql": "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'dbos.workflow_status'::regclass",
    "sqlite": "SELECT 1",  # it does not tell who waits
}
ACCEPTED = "SELECT id FROM jobs WHERE organization_id = :tenant AND idempotency_key = 'once'"


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The database of this module's node."""
    with empty_database(request.param, tmp_path_factory.mktemp("crash")) as url:
        yield url


@pytest.fixture(scope="module")
def node(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A gateway that tests leave running; they keep apart by their tenants."""
    with nodes() as started:
        started.append(Node(tmp_path_factory.mktemp("node"), url, CHARGEYARD_FLEET="true").start())
        yield started[0]


@pytest.fixture
async def operator(url: str, node: Node) -> AsyncIterator[Operator]:
    async with operator_of(url, node) as operator:
        yield operator


async def test_a_request_that_died_while_it_was_accepted_is_repeated_and_made_once(
    operator: Operator, node: Node, url: str
) -> None:
    locations = sites(SITES)
    body = {"cpoId": operator.cpo_id, "locations": locations, "idempotencyKey": "once"}
    with connected(url) as database:
        database.execute(text(HOLD[database.dialect.name]))
        request = asyncio.create_task(operator.tenant.graphql(BULK, input=body))
        await operator.tenant.data("{ viewer { subject } }")  # asked after it, answered meanwhile
        await until(lambda: database.scalar(text(IS_HELD[database.dialect.name])))
        node.kill()
    await asyncio.gather(request, return_exceptions=True)
    lost = accepted(url, operator)
    await operator.restart(node)

    request = asyncio.create_task(operator.tenant.graphql(BULK, input=body))
    await until(lambda: accepted(url, operator))
    node.kill()
    await asyncio.gather(request, return_exceptions=True)
    await operator.restart(node)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations, idempotencyKey="once")
    await over(operator.tenant, job_id)

    assert lost == []
    assert accepted(url, operator) == [job_id]
    operator.audit(job_id, locations)


async def test_a_job_that_was_accepted_is_made_and_its_chargers_run_whatever_dies_and_however_often(
    operator: Operator, node: Node
) -> None:
    locations = wanted(SITES)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)
    for done in (0, SITES // 2):  # accepted and perhaps begun, in its middle; at its end, see the new release
        await operator.progressed(job_id, done)
        node.kill()
        await operator.restart(node)

    job = await over(operator.tenant, job_id)

    operator.audit(job_id, locations)
    assert max(item["attempts"] for item in job["items"]["nodes"]) <= 3  # once, and once more for each kill
    deadline = time.monotonic() + DEADLINE_S
    while len(states := await runtimes(operator)) != SITES // 3 or set(states) != {"RUNNING"}:
        assert time.monotonic() < deadline, states
        await asyncio.sleep(0.1)


async def test_a_gateway_told_to_stop_ends_well_and_its_job_goes_on_after_the_next_start(
    operator: Operator, node: Node
) -> None:
    locations = wanted(SITES)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)
    await operator.progressed(job_id, 10)

    status = await asyncio.to_thread(node.stop)
    await operator.restart(node)
    job = await over(operator.tenant, job_id)

    assert status == 0
    operator.audit(job_id, locations)
    assert {item["attempts"] for item in job["items"]["nodes"]} == {1}


async def test_a_new_release_goes_on_with_the_jobs_of_the_old_one(
    operator: Operator, node: Node, tmp_path: Path
) -> None:
    release = tmp_path / "release"
    shutil.copytree(ROOT, release, ignore=shutil.ignore_patterns(".*", "data", "tests", "bench"))
    worker = release / "jobs" / "worker.py"
    worker.write_text(worker.read_text() + '\n\nRELEASE = "next"\n')
    durable = release / "jobs" / "durable.py"
    whole = durable.read_text()
    assert whole.count("    workflow(*args)\n") == 1
    durable.write_text(
        whole.replace("workflow(*args)\n", "return workflow(*args)\n")
    )  # other code in the workflow itself
    locations = wanted(SITES)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)
    await operator.progressed(job_id, SITES - 3)

    node.kill()
    node.begin = partial(Executed, root=release)  # and stays it
    await operator.restart(node)
    await over(operator.tenant, job_id)

    operator.audit(job_id, locations)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL's disk is its server's; see several nodes
async def test_a_full_disk_stops_a_job_with_a_clear_reason_until_there_is_room(operator: Operator, node: Node) -> None:
    locations = wanted(4 * SITES)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)
    await operator.progressed(job_id, 10)

    with no_file_beyond(node, 2**18):
        deadline = time.monotonic() + DEADLINE_S
        while "the database does not answer (disk I/O error)" not in node.log.read_text():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        answer = await _first_refusal(operator.tenant.gateway.tenant())
    await over(operator.tenant, job_id)

    assert answer == (503, {"detail": "The database does not answer; try again."})
    operator.audit(job_id, locations)


async def _first_refusal(neighbour: Tenant) -> tuple[int, Any]:
    """The answer to the first write that does not fit: SQLite's log, begun anew, may have room for a few."""
    deadline = time.monotonic() + DEADLINE_S
    status, body = 201, None
    while status == 201:
        assert time.monotonic() < deadline
        status, body = await neighbour.rest("POST", "/ocpp/locations", json=SITE)
    return status, body


async def test_what_became_due_while_the_gateway_was_down_is_done_when_it_starts(
    operator: Operator, node: Node, url: str
) -> None:
    old, recent = [await start_bulk(operator.tenant, operator.cpo_id, [site("Old")]) for _ in range(2)]
    for job_id in (old, recent):
        await over(operator.tenant, job_id)
    node.kill()
    past = wire(utc_now() - timedelta(days=31))
    with connected(url) as database:
        database.execute(text(f"UPDATE networks SET expires_at = '{past}' WHERE id = {operator.cpo_id}"))
        database.execute(text(f"UPDATE jobs SET updated_at = '{past}' WHERE id = '{old}'"))
        database.commit()

    await operator.restart(node)
    deadline = time.monotonic() + DEADLINE_S
    seen = await operator.tenant.data(DUE, network=operator.cpo_id, old=old, recent=recent)
    while seen["network"] or seen["old"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
        seen = await operator.tenant.data(DUE, network=operator.cpo_id, old=old, recent=recent)

    assert seen == {"network": None, "old": None, "recent": {"id": recent, "items": {"totalCount": 1}}}


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection of the test's own to the node's database."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def accepted(url: str, operator: Operator) -> list[str]:
    """The ids of the operator's jobs with the key of these tests."""
    with connected(url) as database:
        found = database.execute(text(ACCEPTED), {"tenant": operator.tenant.organization_id})
        return list(found.scalars())


async def until(seen: Callable[[], object]) -> None:
    """Looks until there is something to see."""
    deadline = time.monotonic() + DEADLINE_S
    while not seen():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def runtimes(operator: Operator) -> list[str]:
    """The states of the runtimes of the tenant's chargers."""
    data = await operator.tenant.data("{ chargers(first: 100) { nodes { runtime { status } } } }")
    return [charger["runtime"]["status"] for charger in data["chargers"]["nodes"]]


@contextmanager
def no_file_beyond(node: Node, size: int) -> Iterator[None]:
    """As a full disk: the node can't write behind this offset of any file."""
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, unlimited)
