"""Gets and lists as compiled reads: one statement gives an answer's JSON, from where the fields of its model come.

The route's handler says what the answer means, and gives it where there is no row to show or the read fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, func
from sqlalchemy.sql.type_api import TypeEngine

from errors import Unavailable
from resolvers.context import Context
from resolvers.filters import network_number
from rest.responses import Below, Of, Response, Source, Within, sources
from storage.paging import Column, Order
from storage.plan import Level, Plan, ReadFailed, Statement
from storage.text import is_storable

log = logging.getLogger("chargeyard.reads")

Rows = Any
Given = Mapping[str, Any]  # the values of the request's path and query
PAGING = ("page", "limit")


@dataclass(frozen=True, eq=False)
class OneRow:
    """The row whose columns have the values that the path names."""

    model: type[Response]
    rows: Callable[[], Rows]
    columns: Mapping[str, Column]

    def answers(self, statement: Statement, given: Sequence[str]) -> list[ColumnElement[Any]]:
        """The row's JSON, or null."""
        level = Level(statement, _where(statement, self.rows(), self.columns, given))
        return [level.one(_members(level, self.model))]

    def body(self, answers: Sequence[Any], _given: Given) -> bytes | None:
        """The body of an answer, None where there is nothing to show."""
        body: bytes | None = answers[0]
        return body


@dataclass(frozen=True, eq=False)
class NumberedRows:
    """A page, by its number, of the rows whose columns have the values that path and query name."""

    model: type[Response]
    rows: Callable[[], Rows]
    order: Order
    columns: Mapping[str, Column] = field(default_factory=dict)

    def answers(self, statement: Statement, given: Sequence[str]) -> list[ColumnElement[Any]]:
        """The JSON of the page's rows, and how many rows all pages have."""
        rows = _where(statement, self.rows(), self.columns, given)
        limit, offset = statement.parameters.add(
            lambda given: [given["limit"], (given["page"] - 1) * given["limit"]], [Integer(), BigInteger()]
        )
        ordered = rows.order_by(*(sort.expression for sort in self.order))
        level = Level(statement, ordered.limit(limit).offset(offset))
        total = rows.with_only_columns(func.count(), maintain_column_froms=True).scalar_subquery()
        return [level.many(_members(level, self.model)), total]

    def body(self, answers: Sequence[Any], given: Given) -> bytes | None:
        """The body of an answer; None for no rows at all, for what they would stand below may not be there either."""
        data, total = answers
        page = b'{"data":%b,"total":%d,"page":%d,"limit":%d}'
        return page % (data, total, given["page"], given["limit"]) if total else None


Read = OneRow | NumberedRows


async def body_of(ctx: Context, read: Read, arguments: Mapping[str, Any]) -> bytes | None:
    """The body of the answer to a route with these arguments, None where its handler has to give it.

    Raises Unavailable when the database takes longer than it may.
    """
    given = _given(arguments)
    named = tuple(sorted(given.keys() - PAGING))
    if not set(named) <= read.columns.keys():
        return None
    database, timeout_s = ctx.services.database, ctx.services.settings.operation_timeout_s
    plan = _plan(read, named, database.is_sqlite)
    try:
        answers = await database.reads.fetch(plan, plan.arguments(ctx.tenant, given), timeout_s)
    except ReadFailed as exc:
        log.warning("a compiled read failed, the handler tries: %s", exc.__cause__)
        return None
    except TimeoutError as exc:
        raise Unavailable("The read took too long and was stopped.") from exc
    return read.body(answers, given)


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    query = arguments.get("query")
    given = {name: value for name, value in arguments.items() if name != "query"} | (dict(query) if query else {})
    return {name: value for name, value in given.items() if value is not None}


@lru_cache(maxsize=256)
def _plan(read: Read, given: tuple[str, ...], is_sqlite: bool) -> Plan:
    """The plan for requests that give just these values. There is a handful of them for each route."""
    statement = Statement(is_sqlite=is_sqlite)
    return statement.compile(read.answers(statement, given))


def _where(statement: Statement, rows: Rows, columns: Mapping[str, Column], given: Sequence[str]) -> Rows:
    for name in given:
        column = columns[name]
        (value,) = statement.parameters.add(_parsed(name, column.type), [column.type])
        rows = rows.where(column == value)
    return rows


def _parsed(name: str, type_: TypeEngine[Any]) -> Callable[[Given], list[Any]]:
    """How a request gives a value of this type: null, which no row has, where there can't be one."""
    if isinstance(type_, Integer):
        return lambda given: [network_number(given[name])]
    return lambda given: [given[name] if is_storable(given[name]) else None]


def _members(level: Level, model: type[Response]) -> dict[str, ColumnElement[Any]]:
    return {name: _value(level, source) for name, source in sources(model).items()}


def _value(level: Level, source: Source) -> ColumnElement[Any]:
    match source:
        case Of(column):
            return level.value(column)
        case Within(model):
            return level.forms.object(_members(level, model))
        case Below(model, rows, ours, theirs):
            below = Level(level.statement, level.reached(rows(), ours, theirs))
            return below.many(_members(below, model))
