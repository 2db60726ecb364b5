"""Durable bulk creation: accept latency, locations per second against raw inserts, and what it costs its neighbours.

    python -m bench.jobs [--quick] [--database sqlite|postgresql]

A gateway runs as a process of its own and is asked over HTTP. The yardstick is the same rows, read back from its
database (the site's, its item's and its event's) and inserted into a fresh one by the synchronous driver alone, one
transaction per location.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any, cast
from uuid import uuid4

import aiohttp
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import Table as SqlTable
from sqlalchemy import select

from resolvers.auth import Role, make_token
from settings import Settings
from storage.database import Database
from storage.migrate import migrate
from storage.models import (
    Base,
    ChargePoint,
    ChargePointConnector,
    Charger,
    Cpo,
    Evse,
    Job,
    JobEvent,
    JobItem,
    Location,
    OcpiConnector,
    OcpiLocation,
    Organization,
    Topology,
)
from tests.support.gateway import SECRET
from tests.support.nodes import Node, nodes
from tests.support.postgres import fresh_database
from tests.support.processes import Executed

TABLES: Sequence[type[Base]] = (
    Location, OcpiLocation, ChargePoint, Charger, ChargePointConnector, Evse, OcpiConnector, Topology,
    JobItem, JobEvent,
)  # fmt: skip
SAMPLES = 5
READS = 4_000  # forty of them are slower than the 99th percentile
READS_AT_ONCE = 20  # until the next look whether the job still goes on
READ_PAUSE_S = 0.005
POLL_S = 0.02
RAW_SITES = 500

BULK = "mutation ($input: BulkCreateOcpiLocationsInput!) { bulkCreateOcpiLocations(input: $input) { job { id } } }"
NETWORK = "mutation ($input: CreateCpoInput!) { createCpo(input: $input) { cpo { id } job { id } } }"
STATUS = "query ($id: ID!) { job(id: $id) { status progress { succeeded failed } } }"
SITE = "query ($id: ID!) { location(id: $id) { id name city country coordinates { latitude longitude } } }"

Rows = list[dict[str, Any]]


@dataclass
class Client:
    """One organization's client of a gateway, with a network to work on."""

    http: aiohttp.ClientSession
    url: str
    organization_id: str = field(default_factory=lambda: str(uuid4()))
    cpo_id: str = ""

    def __post_init__(self) -> None:
        token = make_token(
            SECRET, subject="bench", role=Role.USER, organization_id=self.organization_id, lifetime_s=3600
        )
        self._headers = {"Authorization": f"Bearer {token}"}

    async def data(self, document: str, **variables: Any) -> dict[str, Any]:
        body = {"query": document, "variables": variables}
        async with self.http.post(f"{self.url}/graphql", json=body, headers=self._headers) as response:
            answer: dict[str, Any] = await response.json()
        if "errors" in answer:
            raise RuntimeError(str(answer["errors"][0]))
        data: dict[str, Any] = answer["data"]
        return data

    async def make_network(self) -> None:
        wanted = {"template": "small-urban-ac", "countryCode": "FR", "partyId": "BEN", "namePrefix": "bench-"}
        made = (await self.data(NETWORK, input=wanted))["createCpo"]
        self.cpo_id = made["cpo"]["id"]
        await self.over(made["job"]["id"])

    async def accept(self, sites: Rows) -> str:
        data = await self.data(BULK, input={"cpoId": self.cpo_id, "locations": sites})
        job_id: str = data["bulkCreateOcpiLocations"]["job"]["id"]
        return job_id

    async def over(self, job_id: str) -> None:
        is_open = True
        while is_open:
            await asyncio.sleep(POLL_S)
            is_open = await self.works_on(job_id)

    async def works_on(self, job_id: str) -> bool:
        """Whether the job is not over yet. Raises RuntimeError for one that did not make everything."""
        job = (await self.data(STATUS, id=job_id))["job"]
        if job["status"] == "FAILED" or job["progress"]["failed"]:
            raise RuntimeError(f"the job did not make everything: {job}")
        return job["status"] in {"PENDING", "PROVISIONING"}


def sites(count: int, chargers: int) -> Rows:
    """Sites of a bulk request; each has so many chargers with one connector."""
    return [_site(f"Site {number}", chargers) for number in range(count)]


def _site(name: str, chargers: int) -> dict[str, Any]:
    template = {
        "brandSlug": "schneider", "modelSlug": "evlink-pro-ac-22kw", "connectorType": "Type2",
        "ocppVersion": "OCPP_1_6", "wsUrl": "ws://127.0.0.1:9/ocpp", "identityPrefix": f"{uuid4().hex[:12]}-",
    }  # fmt: skip
    charges = [{"template": template, "chargerIds": [f"{number:02}" for number in range(chargers)]}]
    return {
        "location": {
            "name": name, "address": "14 Rue de la Paix", "city": "Paris", "country": "FR",
            "coordinates": {"latitude": 48.8566, "longitude": 2.3522}, "charges": charges if chargers else None,
        }
    }  # fmt: skip


@asynccontextmanager
async def gateway(url: str, folder: Path) -> AsyncIterator[tuple[Client, Node]]:
    """A gateway process on an empty database, and a client whose network stands."""
    with nodes() as started:
        started.append(node := Node(folder, url, begin=Executed, CHARGEYARD_LOG_LEVEL="WARNING").start())
        async with aiohttp.ClientSession() as http:
            client = Client(http, node.url)
            await client.make_network()
            yield client, node


async def measure(url: str, scratch_url: str, folder: Path, *, quick: bool) -> dict[str, str]:
    """The figures of one database."""
    figures: dict[str, str] = {}
    largest = 2_000 if quick else 10_000
    async with gateway(url, folder) as (client, node):
        memory = psutil.Process(node.process.pid).memory_info
        for count in (1, 100, largest // 2, largest):
            taken = [await _accepted(client, count) for _ in range(SAMPLES)]
            figures[f"accept {count:,}"] = f"{1000 * median(taken):.0f} ms"
        before = memory().rss
        for chargers in (0, 2):
            await client.over(await client.accept(sites(RAW_SITES, chargers)))
            with yardstick(url, scratch_url, client.organization_id, chargers) as raw:
                for count in (100, 1_000, largest) if chargers == 0 else (largest // 5,):
                    # the machine is not the same from minute to minute: one right before, one right after
                    first, rate, last = raw(), await _rate(client, count, chargers), raw()
                    label = f"{count:,} sites" + (f", {chargers} chargers each" if chargers else "")
                    ratio = rate / ((first + last) / 2)
                    figures[label] = f"{rate:.0f}/s, {ratio:.2f} × raw, {1000 / rate:.2f} ms each"
                figures[f"raw, {chargers} chargers"] = f"{first:.0f} and {last:.0f}/s"
        grown = (memory().rss - before) / 2**20
        figures["memory grew by"] = f"{grown:.0f} MiB (now {memory().rss / 2**20:.0f})"
        listed = (await client.data("{ locations(first: 50) { nodes { id } } }"))["locations"]["nodes"]
        ids = cycle([site["id"] for site in listed])
        idle = await _reads(client, ids, READS)
        loaded = await _reads_under_jobs(client, ids, largest)
        figures["location(id) p50 / p99, idle"] = _percentiles(idle)
        figures["location(id) p50 / p99, under a job"] = f"{_percentiles(loaded)}, {_p99(loaded) / _p99(idle):.1f} ×"
    return figures


async def _accepted(client: Client, count: int) -> float:
    wanted = sites(count, 0)
    started = time.perf_counter()
    job = await client.accept(wanted)
    taken = time.perf_counter() - started
    await client.over(job)
    return taken


async def _rate(client: Client, count: int, chargers: int) -> float:
    """Sites per second from the acceptance to the end."""
    job = await client.accept(sites(count, chargers))
    started = time.perf_counter()
    await client.over(job)
    return count / (time.perf_counter() - started)


async def _reads(client: Client, ids: Iterator[str], count: int) -> list[float]:
    """Seconds that each of so many reads of one site took."""
    taken = []
    for id in islice(ids, count):
        started = time.perf_counter()
        await client.data(SITE, id=id)
        taken.append(time.perf_counter() - started)
        await asyncio.sleep(READ_PAUSE_S)
    return taken


async def _reads_under_jobs(client: Client, ids: Iterator[str], count: int) -> list[float]:
    """The same while jobs of so many sites go on, one after the other; none while a job is accepted."""
    taken: list[float] = []
    while len(taken) < READS:
        job = await client.accept(sites(count, 0))
        while len(taken) < READS and await client.works_on(job):
            taken += await _reads(client, ids, READS_AT_ONCE)
        await client.over(job)
    return taken


def _p99(taken: Sequence[float]) -> float:
    return quantiles(taken, n=100)[98]


def _percentiles(taken: Sequence[float]) -> str:
    return f"{1000 * median(taken):.1f} / {1000 * _p99(taken):.1f} ms"


# ---- the yardstick


@contextmanager
def yardstick(url: str, scratch_url: str, tenant: str, chargers: int) -> Iterator[Callable[[], float]]:
    """Tells how many sites with so many chargers the driver alone inserts in a second."""
    source, scratch = Database(_async(url)), Database(_async(scratch_url))
    migrate(scratch)
    units = _units(source, tenant, chargers)
    tables = [cast("SqlTable", model.__table__) for model in TABLES]
    statements = {table.name: _compiled(table, scratch) for table in tables}
    ready = [[(statements[name], _bound(statements[name], rows)) for name, rows in _ordered(unit)] for unit in units]
    _copy_parents(source, scratch)

    def measure() -> float:
        with scratch.engine.begin() as connection:
            for table in reversed(tables):
                connection.execute(table.delete())
        return _insert_units(scratch, ready)

    yield measure
    source.engine.dispose()
    scratch.engine.dispose()


def _units(source: Database, tenant: str, chargers: int) -> list[dict[str, Rows]]:
    """The rows of each site with so many chargers, by table."""
    with source.engine.connect() as connection:
        rows = {
            model.__tablename__: [
                dict(row)
                for row in connection.execute(
                    select(model.__table__).where(model.__table__.c.organization_id == tenant)
                ).mappings()
            ]
            for model in TABLES
        }
    by_site: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    site_of = {row["id"]: row["location_id"] for row in rows["ocpi_locations"]}
    site_of |= {row["id"]: row["location_id"] for row in rows["deployments"]}
    site_of |= {row["charge_point_id"]: row["location_id"] for row in rows["deployments"]}
    site_of |= {row["id"]: site_of[row["charger_id"]] for row in rows["ocpi_evses"]}
    items = {(row["job_id"], row["index"]): site_of.get(row["ocpi_location_id"]) for row in rows["job_items"]}
    parents: dict[str, Callable[[dict[str, Any]], Any]] = {
        "locations": lambda row: row["id"],
        "ocpi_locations": lambda row: row["location_id"],
        "deployments": lambda row: row["location_id"],
        "charge_points": lambda row: site_of[row["id"]],
        "charge_point_connectors": lambda row: site_of[row["charge_point_id"]],
        "ocpi_evses": lambda row: site_of[row["charger_id"]],
        "ocpi_connectors": lambda row: site_of[row["evse_id"]],
        "topologies": lambda row: site_of[row["charger_id"]],
        "job_items": lambda row: site_of.get(row["ocpi_location_id"]),
        "job_events": lambda row: items.get((row["job_id"], row["item_index"])),
    }
    for name, found in rows.items():
        for row in found:
            by_site[parents[name](row) or ""][name].append(row)
    del by_site[""]
    wanted = [unit for unit in by_site.values() if len(unit["deployments"]) == chargers]
    return wanted[:RAW_SITES]


def _copy_parents(source: Database, scratch: Database) -> None:
    with source.engine.connect() as reading, scratch.engine.begin() as writing:
        for model in (Organization, Cpo, Job):
            table = cast("SqlTable", model.__table__)
            rows = [dict(row) for row in reading.execute(select(table)).mappings()]
            writing.execute(table.delete())
            writing.execute(table.insert(), rows)


def _compiled(table: SqlTable, database: Database) -> Any:
    columns = [column.name for column in table.columns]
    return table.insert().compile(dialect=database.engine.dialect, column_keys=columns)


def _insert_units(scratch: Database, units: Sequence[Sequence[tuple[Any, list[Any]]]]) -> float:
    """One transaction a site, on one connection of the driver, with values that are ready to be sent."""
    pooled = scratch.engine.raw_connection()
    connection: Any = pooled.driver_connection
    cursor = connection.cursor()
    started = time.perf_counter()
    for unit in units:
        if scratch.is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        for statement, values in unit:
            cursor.executemany(statement.string, values)
        connection.commit()
    taken = time.perf_counter() - started
    pooled.close()
    return len(units) / taken


def _ordered(unit: Mapping[str, Rows]) -> Iterator[tuple[str, Rows]]:
    return ((model.__tablename__, unit[model.__tablename__]) for model in TABLES if unit[model.__tablename__])


def _bound(statement: Any, rows: Rows) -> list[Any]:
    """The values as the driver takes them: what a type has to convert is converted here, not on the clock."""
    processors = statement._bind_processors
    bound = [
        {name: processors[name](value) if name in processors else value for name, value in row.items()} for row in rows
    ]
    return [[row[name] for name in statement.positiontup] for row in bound] if statement.positiontup else bound


def _async(url: str) -> str:
    return Settings(database_url=url).resolved_database_url


# ---- the run


@contextmanager
def database_urls(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """An empty database for the gateway and one for the yardstick, on the same disk and server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}", f"sqlite:///{folder / 'raw.db'}"
        return
    with fresh_database() as url, fresh_database() as scratch:
        yield url, scratch


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the sites")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    args = parser.parse_args()
    kinds = args.database or ["sqlite", "postgresql"]
    figures: dict[str, dict[str, str]] = {}
    for kind in kinds:
        with tempfile.TemporaryDirectory() as name, database_urls(kind, Path(name)) as (url, scratch):
            figures[kind] = asyncio.run(measure(url, scratch, Path(name), quick=args.quick))
    table = Table("", *kinds, title=f"Durable jobs, {os.cpu_count()} cores")
    for label in figures[kinds[0]]:
        table.add_row(label, *(figures[kind][label] for kind in kinds))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
