"""What size costs: pages far down a long list, a second serving process, and the memory of one over many requests.

    python -m bench.scale [--locations 100000] [--requests 200000] [--database-url URL]

The rows are 100,000 sites with 500,000 chargers and 1,000,000 EVSEs of one organization, on PostgreSQL.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from sqlalchemy import text

from bench.graphql import OURS, Server, bearer, seeded
from bench.load import rate
from bench.queries import PLACE, QUERIES
from settings import Settings
from storage.database import Database
from storage.locations import NEWEST_FIRST
from storage.models import Location
from storage.paging import encode
from storage.session import ALL_TENANTS
from tests.support.nodes import Node, nodes
from tests.support.postgres import fresh_database
from tests.support.processes import Executed

CHARGERS, EVSES = 5, 2
ROUNDS = 5
SECONDS = 2.0
MEMORY_LOOKS = 5
SHARE, PERIOD_US = 0.12, 20_000  # of a core for a process, where PostgreSQL is to have cores of its own
CONTROL_GROUPS, PROCESSES = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")), "cgroup.procs"
PAGE = f"query ($after: String) {{ locations(first: 50, after: $after) {{ nodes {{ id name city }} {PLACE} }} }}"
COUNT = "{ locations(first: 1) { totalCount } }"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--locations", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=200_000, help="over which memory is watched")
    parser.add_argument("--database-url", help="an empty PostgreSQL database (default: one of a server of our own)")
    options = parser.parse_args()
    own = nullcontext(options.database_url) if options.database_url else fresh_database()
    with TemporaryDirectory() as name, own as url:
        ids = seeded(url, options.locations, CHARGERS, EVSES)
        print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.system()}, PostgreSQL\n")
        print(f"| {options.locations:,} sites, {options.locations * CHARGERS * EVSES:,} EVSEs | |\n|---|---|")
        with nodes() as started:
            started.append(node := Node(Path(name), url, begin=Executed).start())
            server = Server(OURS, node.url, bearer())
            _pages(server, _cursors(url, options.locations))
            _memory(server, psutil.Process(node.process.pid), options.requests)
            alone = _tree_rates(server, psutil.Process(node.process.pid), ids)
        with nodes() as started:
            started.append(node := Node(Path(name), url, begin=Executed, arguments=["--workers", "2"]).start())
            pair = _tree_rates(Server(OURS, node.url, bearer()), psutil.Process(node.process.pid), ids)
        for what, one, two in zip(("", f", each held to {SHARE:.0%} of a core"), alone, pair, strict=False):
            _row(f"Q3 with one process, with `--workers 2`{what}", f"{one:,.0f}/s, {two:,.0f}/s ({two / one:.2f} ×)")


def _pages(server: Server, cursors: Sequence[str | None]) -> None:
    rates: list[list[float]] = [[] for _ in cursors]
    for _ in range(ROUNDS):
        for found, cursor in zip(rates, cursors, strict=True):
            found.append(_rate(server, PAGE, {"after": cursor}))
    shown = ", ".join(f"{median(found):,.0f}/s" for found in rates)
    slowest = median(max(each) / min(each) for each in zip(*rates, strict=True))
    _row("the first, a middle and the last page of 50", f"{shown} ({slowest:.2f} × apart)")
    _row("`totalCount`", f"{1000 / _rate(server, COUNT, {}):.2f} ms")


def _memory(server: Server, process: psutil.Process, requests: int) -> None:
    sizes = []
    for _ in range(MEMORY_LOOKS):
        seconds = requests / MEMORY_LOOKS / _rate(server, PAGE, {"after": None}, 0.5)
        _rate(server, PAGE, {"after": None}, seconds)
        sizes.append(process.memory_info().rss / 2**20)
    shown = " → ".join(f"{size:.0f}" for size in sizes)
    _row(f"memory over {requests:,} requests", f"{shown} MiB")


def _tree_rates(server: Server, process: psutil.Process, ids: Sequence[str]) -> list[float]:
    """Q3 a second from a gateway as it is, and from one that leaves most of the cores to PostgreSQL and the load."""
    rates = [server.rate("Q3", QUERIES["Q3"], ids, SECONDS)]
    try:
        with ExitStack() as groups:
            for worker in process.children() or [process]:
                groups.enter_context(_held(worker))
            rates.append(median(server.rate("Q3", QUERIES["Q3"], ids, SECONDS) for _ in range(ROUNDS)))
    except OSError as exc:
        print(f"only root can hold processes to a share of a core, on Linux ({exc})", file=sys.stderr)
    return rates


@contextmanager
def _held(process: psutil.Process) -> Iterator[None]:
    """Holds a process to its share of a core, by a control group of its own, of either version."""
    parent = next(each for each in CONTROL_GROUPS if (each / PROCESSES).exists())
    group = parent / f"chargeyard-bench-{process.pid}"
    group.mkdir()
    try:
        if (group / "cpu.max").exists():
            (group / "cpu.max").write_text(f"{SHARE * PERIOD_US:.0f} {PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(f"{SHARE * PERIOD_US:.0f}")
        (group / PROCESSES).write_text(str(process.pid))
        yield
    finally:
        (parent / PROCESSES).write_text(str(process.pid))
        group.rmdir()


def _rate(server: Server, document: str, variables: dict[str, Any], seconds: float = SECONDS) -> float:
    return rate(server.where(""), server.headers, [{"query": document, "variables": variables}], seconds)


def _cursors(url: str, count: int) -> list[str | None]:
    """The cursors behind which the first, a middle and the last page lie."""
    database = Database(Settings(database_url=url).resolved_database_url)
    order = ", ".join(f"{sort.column.key} DESC" for sort in NEWEST_FIRST)
    cursors: list[str | None] = [None]
    for place in (count // 2, count - 51):
        with database.work(ALL_TENANTS) as session:
            found = text(f"SELECT id FROM locations ORDER BY {order} LIMIT 1 OFFSET {place}")
            row = session.get(Location, session.connection().scalar(found))
        cursors.append(encode(row, NEWEST_FIRST))
    database.engine.dispose()
    return cursors


def _row(name: str, figure: str) -> None:
    print(f"| {name} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
