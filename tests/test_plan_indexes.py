"""Hot reads find their rows by an index, wherever the page lies and whatever the database knows of its tables."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from bench.data import seed
from storage.database import Database
from storage.session import ALL_TENANTS
from tests.support.compiled import Compiled, compiled_data
from tests.support.gateway import Gateway, Tenant

SITES = 1_500  # of each organization: enough for PostgreSQL to find reading them all too dear
TABLES = "locations|deployments|ocpi_evses"

PAGE = """query ($n: Int, $c: String, $o: [LocationOrder!]) { locations(first: $n, after: $c, orderBy: $o) {
  nodes { id name } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
FILTERED = "query ($w: LocationFilter!) { locations(where: $w) { nodes { id } } }"
ORDERS = ["CREATED_AT", "UPDATED_AT", "NAME", "CITY", "COUNTRY"]

HOT: dict[str, tuple[str, dict[str, Any]]] = {
    "one site": ("query ($id: ID!) { location(id: $id) { id chargers { nodes { id } } } }", {"id": "x"}),
    "the first page": (PAGE, {"n": 50}),
    "a page of any size": ("query ($n: Int!) { locations(first: $n) { nodes { id } } }", {"n": 100}),
    "the last page": ("{ locations(last: 50) { nodes { id } pageInfo { hasPreviousPage startCursor } } }", {}),
    "sites with chargers and EVSEs": (
        """{ locations(first: 50) { nodes { name ocpiLocation { id cpo { id } } chargers(first: 4) {
          nodes { identity evses { evseUid charger { id } } logs(first: 1) { nodes { id } } } totalCount } } } }""",
        {},
    ),
    "chargers": ("{ chargers { nodes { id location { id } evses { id } } pageInfo { hasNextPage endCursor } } }", {}),
    "networks": ("{ cpos { nodes { id locations { nodes { id slug chargers { nodes { id } } } } } } }", {}),
    "jobs": ("{ jobs { nodes { id items { nodes { index charger { id } } } cpo { id } } } }", {}),
    "sites by id": (FILTERED, {"w": {"id": {"in": ["x", "y"]}}}),
    "a site by slug": (FILTERED, {"w": {"slug": {"eq": "site-1"}}}),
    "sites of a name": (FILTERED, {"w": {"name": {"eq": "Site 1"}}}),
    "sites of a city": (FILTERED, {"w": {"city": {"eq": "Nowhere"}}}),
}


@pytest.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    """One of two organizations with many sites."""
    tenant, other = gateway.tenant(), gateway.tenant()
    for each in (tenant, other):
        await asyncio.to_thread(
            seed, gateway.services.database, locations=SITES, chargers=2, evses=1, organization=each.organization_id
        )
    return tenant


@pytest.mark.parametrize("analyzed", [False, True], ids=["without statistics", "with statistics"])
@pytest.mark.parametrize("name", HOT)
async def test_a_hot_read_scans_no_table(tenant: Tenant, name: str, analyzed: bool) -> None:
    document, variables = HOT[name]

    work = await _work(tenant, document, variables, analyzed=analyzed)

    assert work.scans == []
    assert work.rows < SITES


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ORDERS)
async def test_a_page_costs_the_same_wherever_it_lies(tenant: Tenant, field: str, direction: str) -> None:
    order = [{"field": field, "direction": direction}]
    cursor, costs = None, []
    for _ in range(SITES // 100):
        costs.append((await _work(tenant, PAGE, {"n": 50, "c": cursor, "o": order}, analyzed=True)).cost)
        page = await compiled_data(tenant, PAGE, n=100, c=cursor, o=order)
        cursor = page["locations"]["pageInfo"]["endCursor"]

    assert max(costs) < 2 * costs[0]


@dataclass
class Work:
    """What a statement does: the tables that it reads as a whole, the rows that it touches, and its cost."""

    scans: list[str]
    rows: float = 0
    cost: float = 0


async def _work(tenant: Tenant, document: str, variables: dict[str, Any], *, analyzed: bool) -> Work:
    statement, arguments = Compiled(tenant, document).statement(**variables)
    database = tenant.gateway.services.database
    if analyzed:
        async with database.write(ALL_TENANTS) as session:
            await (await session.connection()).execute(text("ANALYZE"))
    measure = _on_sqlite if database.is_sqlite else _on_postgresql
    return await asyncio.to_thread(measure, database, statement, arguments)


def _on_sqlite(database: Database, statement: str, arguments: list[Any]) -> Work:
    """Its cost is a number of SQLite's instructions."""
    reads: Any = database.reads
    connection = reads._connect()
    steps = count()
    try:
        plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", arguments)]
        connection.set_progress_handler(lambda: next(steps) < 0, 10)
        connection.execute(statement, arguments).fetchone()
    finally:
        connection.close()
    return Work([line for line in plan if re.match(rf"SCAN ({TABLES})", line)], cost=next(steps))


def _on_postgresql(database: Database, statement: str, arguments: list[Any]) -> Work:
    """Its cost is the number of rows that it touches, by the plan for any value: prepared statements come to use it."""
    values = ", ".join(sql.Literal(value).as_string() for value in arguments)
    with psycopg.connect(database.sync_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute(f"PREPARE hot AS {statement}".encode())
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE hot{f'({values})' if values else ''}"
        row = connection.execute(explain.encode()).fetchone()
    assert row is not None
    nodes = list(_nodes(row[0][0]["Plan"]))
    scans = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
    rows = sum(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) for node in nodes)
    return Work([name for name in scans if re.fullmatch(TABLES, name)], rows, rows)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a plan that read tables."""
    if "Relation Name" in plan:
        yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)
