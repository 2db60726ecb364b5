"""Hot reads find their rows by an index, wherever the page lies and whatever the database knows of its tables."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from graphql import parse
from psycopg import sql
from sqlalchemy import text

from bench.data import seed
from resolvers.filters import LocationOrder, LocationOrderField, OrderDirection
from resolvers.locations import order_of
from schema.planner import Planner
from settings import Settings
from storage.database import Database
from storage.locations import locations
from storage.migrate import migrate
from storage.paging import encode
from storage.plan import Plan, postgres
from tests.support.compiled import SCHEMA
from tests.support.databases import empty_database
from tests.support.one_database import POSTGRESQL

SITES = 1_500  # of each organization: enough for PostgreSQL to find reading them all too dear
ORGANIZATIONS = [str(UUID(int=number)) for number in (1, 2)]
TABLES = "locations|deployments|ocpi_evses"
QUIET = ("locations", "charge_points", "deployments", "ocpi_evses")

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


@pytest.fixture(scope="module", params=["without statistics", "with statistics"])
def database(
    database_url: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with two organizations with many sites and nothing else, whose tables were never analysed, or were."""
    kind = database_url.partition(":")[0]
    with empty_database(kind, tmp_path_factory.mktemp("indexes")) as url:
        database = Database(Settings(database_url=url).resolved_database_url)
        migrate(database)
        _keep_autovacuum_away(database)
        for organization in ORGANIZATIONS:
            seed(database, locations=SITES, chargers=2, evses=1, organization=organization)
        if request.param == "with statistics":
            _run(database, "ANALYZE")
        yield database
        database.engine.dispose()


@pytest.mark.parametrize("name", HOT)
def test_a_hot_read_scans_no_table(database: Database, name: str) -> None:
    document, variables = HOT[name]

    work = _work(database, document, variables)

    assert work.scans == []


@pytest.mark.parametrize("database", ["with statistics"], indirect=True)
@pytest.mark.parametrize("name", HOT)
def test_a_hot_read_touches_few_rows(database: Database, name: str) -> None:
    document, variables = HOT[name]

    work = _work(database, document, variables)

    assert work.rows < SITES


@POSTGRESQL
def test_sites_that_are_read_together_are_each_looked_up(database: Database) -> None:
    document, variables = "query ($id: ID!) { location(id: $id) { id ocpiLocation { id cpo { id } } } }", {"id": "x"}
    plan, arguments = _bound(database, document, variables)
    assert plan.together is not None

    work = _on_postgresql(database, plan.together, [[value] * 3 for value in arguments])

    assert (work.scans, work.rows) == ([], 0)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ORDERS)
def test_a_page_costs_the_same_wherever_it_lies(database: Database, field: str, direction: str) -> None:
    order = [LocationOrder(field=LocationOrderField[field], direction=OrderDirection[direction])]
    variables = {"n": 50, "o": [{"field": field, "direction": direction}]}
    cursors = [None, _cursor(database, order, SITES // 2), _cursor(database, order, SITES - 51)]

    costs = [_work(database, PAGE, {**variables, "c": cursor}).cost for cursor in cursors]

    assert max(costs) < 2 * costs[0]


def _cursor(database: Database, order_by: list[LocationOrder], place: int) -> str:
    """The cursor of the site at this place of the list."""
    order = order_of(order_by)
    with database.work(ORGANIZATIONS[0]) as session:
        rows = locations().order_by(*(sort.expression for sort in order))
        return encode(session.scalars(rows.offset(place).limit(1)).one(), order)


@dataclass
class Work:
    """What a statement does: the tables that it reads as a whole, the rows that it touches, and its cost."""

    scans: list[str]
    answer: Any
    rows: float = 0
    cost: float = 0


def _work(database: Database, document: str, variables: dict[str, Any]) -> Work:
    plan, arguments = _bound(database, document, variables)
    measure = _on_sqlite if database.is_sqlite else _on_postgresql
    return measure(database, plan.text, arguments)


def _bound(database: Database, document: str, variables: dict[str, Any]) -> tuple[Plan, list[Any]]:
    """The plan of a query with the values that it takes."""
    (plans,) = Planner(SCHEMA, is_sqlite=database.is_sqlite).prepare(parse(document)).values()
    bound = asyncio.run(plans.bound(variables, ORGANIZATIONS[0]))
    assert bound is not None
    compiled, arguments = bound
    return compiled.plan, arguments


def _on_sqlite(database: Database, statement: str, arguments: list[Any]) -> Work:
    """Its cost is a number of SQLite's instructions."""
    reads: Any = database.reads
    connection = reads._connect()
    steps = count()
    try:
        plan = [row[3].decode() for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", arguments)]
        connection.set_progress_handler(lambda: next(steps) < 0, 10)
        (answer,) = connection.execute(statement, arguments).fetchone()
    finally:
        connection.close()
    scans = [line for line in plan if re.match(rf"SCAN ({TABLES})", line)]
    return Work(scans, orjson.loads(answer or b"null"), cost=next(steps))


def _on_postgresql(database: Database, statement: str, arguments: list[Any]) -> Work:
    """Its cost is the number of rows that it touches, by the plan for any value, as the reader has it."""
    values = ", ".join(sql.Literal(value).as_string() for value in arguments)
    execute = f"EXECUTE hot{f'({values})' if values else ''}"
    with psycopg.connect(database.sync_url.replace("+psycopg", ""), autocommit=True) as connection:
        for name, value in postgres.SESSION.items():
            connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        connection.execute(f"PREPARE hot AS {statement}".encode())
        answer = connection.execute(execute.encode()).fetchone()
        row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {execute}".encode()).fetchone()
    assert answer is not None
    assert row is not None
    nodes = list(_nodes(row[0][0]["Plan"]))
    scans = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
    rows = sum(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) for node in nodes)
    return Work([name for name in scans if re.fullmatch(TABLES, name)], answer[0], rows, rows)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a plan that read tables."""
    if "Relation Name" in plan:
        yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _keep_autovacuum_away(database: Database) -> None:
    """It would bring statistics whenever it comes by."""
    if not database.is_sqlite:
        _run(database, *(f"ALTER TABLE {table} SET (autovacuum_enabled = false)" for table in QUIET))


def _run(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
