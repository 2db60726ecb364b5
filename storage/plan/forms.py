"""What the two databases say differently: an object, a list of objects, and a value in its wire form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Dialect,
    Float,
    FromClause,
    Integer,
    Select,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect
from sqlalchemy.types import String, TypeEngine

from storage.models.base import UtcDateTime
from storage.plan.errors import Unsupported

Fields = Mapping[str, ColumnElement[Any]]
End = Callable[[ColumnElement[Any], bool], ColumnElement[Any]]  # of a value, and whether the last row's is wanted

POSTGRES_NAME_BYTES = 63
POSTGRES_PLACE = re.compile(r"\$(\d+)::(VARCHAR|INTEGER|BIGINT)(?![\w(])")
POSTGRES_ARGUMENTS = 100  # of one function
SQLITE_ARGUMENTS = 127

_ROW: ColumnElement[Any] = literal_column('"#r"')


class Forms(Protocol):
    """The expressions that differ."""

    dialect: Dialect

    def object(self, fields: Fields) -> ColumnElement[Any]:
        """An object with these members, within a row."""
        ...

    def one(self, source: FromClause, fields: Fields) -> Select[Any]:
        """The object of the only row of a source; no row where it has none."""
        ...

    def many(self, source: FromClause, fields: Fields) -> tuple[ColumnElement[Any], FromClause]:
        """The list of the objects of a source's rows, in its order, and from where it is selected."""
        ...

    @property
    def end(self) -> End | None:
        """How to ask for a value of a list's first or last row among its rows; None where an index is faster."""
        ...

    def wire(self, value: ColumnElement[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
        """A value as it is answered."""
        ...

    def truth(self, condition: ColumnElement[bool]) -> ColumnElement[Any]:
        """A condition that is never null, as it is answered."""
        ...

    def json(self, value: str) -> ColumnElement[Any]:
        """A JSON text of ours, such as `true`, as a value."""
        ...

    def hex(self, value: ColumnElement[str]) -> ColumnElement[str]:
        """The UTF-8 bytes of a text in lower-case hexadecimal."""
        ...

    def together(self, statement: str) -> str | None:
        """The statement for a list of values at each of its places, where one for all is faster than one for each."""
        ...


class PostgresForms:
    """PostgreSQL: the rows of a subquery become objects whose members are its columns."""

    dialect: Dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's

    def object(self, fields: Fields) -> ColumnElement[Any]:
        return func.json_build_object(*_members(fields, POSTGRES_ARGUMENTS))

    def one(self, source: FromClause, fields: Fields) -> Select[Any]:
        row, rows = self._rows(source, fields)
        return select(func.to_json(row)).select_from(rows)

    def many(self, source: FromClause, fields: Fields) -> tuple[ColumnElement[Any], FromClause]:
        row, rows = self._rows(source, fields)
        return func.coalesce(func.json_agg(row), text("[]")), rows

    @property
    def end(self) -> End:
        return _end_of_array

    def wire(self, value: ColumnElement[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
        if isinstance(type_, UtcDateTime):
            return func.to_char(func.timezone(text("UTC"), value), text('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        return value

    def truth(self, condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return condition

    def json(self, value: str) -> ColumnElement[Any]:
        return literal_column(f"'{value}'::jsonb", JSON())

    def hex(self, value: ColumnElement[str]) -> ColumnElement[str]:
        return func.encode(func.convert_to(value, text("UTF8")), text("hex"))

    def together(self, statement: str) -> str | None:
        types: dict[int, str] = {}

        def value(place: re.Match[str]) -> str:
            types[int(place[1])] = place[2]
            return f'"#b".p{place[1]}'

        answers = POSTGRES_PLACE.sub(value, statement)
        if not types or "$" in answers:
            return None
        lists = ", ".join(f"${place}::{types[place]}[]" for place in sorted(types))
        values = ", ".join(f"p{place}" for place in sorted(types))
        return f'{answers} FROM unnest({lists}) WITH ORDINALITY AS "#b" ({values}, number) ORDER BY "#b".number'

    def _rows(self, source: FromClause, fields: Fields) -> tuple[ColumnElement[Any], FromClause]:
        """The object of a row, and the rows; a row as a whole is faster than a function of its members."""
        if not fields:
            return self.object(fields), source
        if any(len(key) > POSTGRES_NAME_BYTES for key in fields):
            raise Unsupported("a response key longer than PostgreSQL's names")
        members = select(*(value.label(key) for key, value in fields.items())).lateral("#r")
        return _ROW, source.join(members, true())


class SqliteForms:
    """SQLite: objects are made of pairs; numbers and truth values need care because it has few types."""

    dialect: Dialect = sqlite_dialect()
    end = None  # from an array of JSON it would take longer

    def object(self, fields: Fields) -> ColumnElement[Any]:
        return func.json_object(*_members(fields, SQLITE_ARGUMENTS))

    def one(self, source: FromClause, fields: Fields) -> Select[Any]:
        return select(self.object(fields)).select_from(source)

    def many(self, source: FromClause, fields: Fields) -> tuple[ColumnElement[Any], FromClause]:
        return func.json_group_array(self.object(fields)), source

    def wire(self, value: ColumnElement[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
        if isinstance(type_, Boolean):
            return func.json(case((value.is_(None), None), (value, text("true")), else_=text("false")))
        if isinstance(type_, Float):
            return func.json(func.exact(value))  # a function of the connection: SQLite's own text has 15 digits only
        return func.json(value) if isinstance(type_, JSON) else value

    def truth(self, condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.json(case((condition, text("true")), else_=text("false")))

    def json(self, value: str) -> ColumnElement[Any]:
        return func.json(text(value))

    def hex(self, value: ColumnElement[str]) -> ColumnElement[str]:
        return func.lower(func.hex(value))

    def together(self, statement: str) -> str | None:
        return None  # it is in the process itself


def text(value: str) -> ColumnElement[str]:
    """A text of ours, or a name of the query, in the statement itself."""
    return literal_column("'" + value.replace("'", "''") + "'", String())


def as_text(value: ColumnElement[Any]) -> ColumnElement[str]:
    """A value as text, for ids that are numbers in the database."""
    return cast(value, String())


def _end_of_array(value: ColumnElement[Any], is_last: bool) -> ColumnElement[Any]:
    place: Any = func.count() if is_last else literal_column("1", Integer())
    end: ColumnElement[Any] = func.array_agg(value, type_=ARRAY(value.type))[place]
    return end


def _members(fields: Fields, most: int) -> list[ColumnElement[Any]]:
    if 2 * len(fields) > most:
        raise Unsupported("more members than a function takes")
    return [part for key, value in fields.items() for part in (text(key), value)]
