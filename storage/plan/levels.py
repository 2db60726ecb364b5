"""Levels, pages and cursors: the shapes of an answer, over the statements that resolvers run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, Integer, case, func, literal_column, select
from sqlalchemy.ext.associationproxy import AssociationProxyInstance
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute
from sqlalchemy.sql.util import find_tables

from storage.paging import Order, Sort, Window, beyond, decode, directed, signature
from storage.plan.errors import Unsupported
from storage.plan.forms import End, Fields, as_text, text
from storage.plan.parameters import Rows, Variables, number
from storage.plan.statement import Statement

Attribute = InstrumentedAttribute[Any]
ONE = literal_column("1", Integer()).label("c0")


class Level:
    """A list of rows as a derived table that holds what something asked for, and nothing else.

    Ask for all values first, then for the answer: `many` and `one` close the level.
    """

    def __init__(self, statement: Statement, rows: Rows, *, order: Order = ()) -> None:
        self.statement = statement
        self.forms = statement.forms
        self.entity: type[Any] = rows.column_descriptions[0]["entity"]
        self._rows = rows
        self._order = order  # in which the rows are answered, where it is not the order in which they are read
        self._name = statement.next_name()
        self._columns: dict[Attribute, str] = {}

    def value(self, name: str, *, as_id: bool = False, names: Mapping[Any, str] | None = None) -> ColumnElement[Any]:
        """The attribute of this name as it is answered; `names` are those of an enum's values."""
        attribute = self.attribute(name)
        column = self.column(attribute)
        if as_id and attribute.type.python_type is not str:
            return as_text(column)
        if names:
            return case(*((column == text(value), text(shown)) for value, shown in names.items()), else_=column)
        return self.forms.wire(column, attribute.type)

    def attribute(self, name: str) -> Attribute:
        """The mapped column of this name, which may stand in a row that belongs to this one."""
        found: Any = getattr(self.entity, name, None)
        if isinstance(found, AssociationProxyInstance):
            beside: Any = found
            self._join(beside.local_attr)
            found = beside.remote_attr
        if not isinstance(found, InstrumentedAttribute) or not isinstance(found.property, ColumnProperty):
            raise Unsupported(f"{self.entity.__name__}.{name} is not a column")
        return found

    def column(self, attribute: Attribute) -> ColumnElement[Any]:
        """The column of this level that holds an attribute."""
        label = self._columns.setdefault(attribute, f"c{len(self._columns)}")
        return literal_column(f'"{self._name}".{label}', attribute.type)

    def member(self, name: str, key: str, *, otherwise: str | None = None) -> ColumnElement[Any]:
        """A member of the JSON object in the column of this name; `otherwise` stands where there is none."""
        found = self.column(self.attribute(name)).op("->", return_type=JSON())(text(key))
        return found if otherwise is None else func.coalesce(found, self.forms.json(otherwise))

    def unless_null(self, name: str, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """The value in the rows whose column of this name is not null."""
        return case((self.column(self.attribute(name)).is_not(None), value))

    def reached(self, rows: Rows, ours: Attribute, theirs: Attribute) -> Rows:
        """Of these rows, those whose attribute equals that of a row of this level."""
        return rows.where(theirs == self.column(ours))

    def cursor(self, order: Order) -> ColumnElement[str]:
        """The cursor of a row, as `storage.paging.encode` makes it."""
        return self._cursor(order, self.column)

    def end_cursor(self, order: Order, end: End, *, is_last: bool) -> ColumnElement[str]:
        """The cursor of the first or of the last row, asked among all of them."""
        return self._cursor(order, lambda attribute: end(self.column(attribute), is_last))

    def _cursor(self, order: Order, value_of: Callable[[Attribute], ColumnElement[Any]]) -> ColumnElement[str]:
        shown: ColumnElement[str] = text(signature(order))
        for sort in order:
            value = self.forms.wire(value_of(sort.column), sort.column.type)
            shown = shown + text(".") + self.forms.hex(as_text(value))
        return shown

    def one(self, fields: Fields) -> ColumnElement[Any]:
        """The object of the level's only row, or null."""
        return self.forms.one(self.source(), fields).scalar_subquery()

    def many(
        self, fields: Fields, around: Callable[[ColumnElement[Any]], ColumnElement[Any]] | None = None
    ) -> ColumnElement[Any]:
        """The list of the objects of the level's rows, or what is made `around` it, where the rows can be counted."""
        self.statement.has_lists = True
        items, rows = self.forms.many(self.source(), fields)
        return select(around(items) if around else items).select_from(rows).scalar_subquery()

    def source(self) -> FromClause:
        """The derived table."""
        sorts = [(self.column(sort.column), sort) for sort in self._order]
        columns: list[Any] = [attribute.label(label) for attribute, label in self._columns.items()]
        read = self._rows.with_only_columns(*(columns or [ONE]), maintain_column_froms=True).subquery(self._name)
        if not sorts:
            return read
        return (
            select(read).order_by(*(col.desc() if sort.descending else col for col, sort in sorts)).subquery(self._name)
        )

    def _join(self, relationship: Attribute) -> None:
        table = relationship.property.mapper.local_table
        if not any(table in find_tables(source, include_joins=True) for source in self._rows.get_final_froms()):
            self._rows = self._rows.join(relationship)


class Keyset:
    """One page of a list, with its neighbours and its count.

    Where the connection is made around the rows of the page, these are counted, and on PostgreSQL tell its ends. The
    rest are subqueries of their own over the same rows: an index answers each for next to nothing, and most pages are
    not full, which tells all; numbering the rows of one subquery costs three times as much on SQLite.
    """

    def __init__(
        self, statement: Statement, rows: Rows, order: Order, now: Window, again: Callable[[Variables], Window] | None
    ) -> None:
        """`now` is the page of this request; `again` gives that of another one where variables decide it."""
        self.statement = statement
        self.statement.has_lists = True
        self.order = order
        self._is_behind = now.cursor is not None
        self.backward = now.backward
        self._rows = rows
        self._around: Level | None = None
        self._reading = directed(order, now)
        self._limit, cursor = self._parameters(now, again)
        behind = rows.where(beyond(self._reading, cursor)) if cursor else rows
        self._read = behind.order_by(*(sort.expression for sort in self._reading))

    def level(self) -> Level:
        """The rows of the page, in the order of the list."""
        return Level(self.statement, self._read.limit(self._limit), order=self.order if self.backward else ())

    def around(self) -> Level:
        """The same, if all that follows is asked among these rows."""
        self._around = self.level()
        return self._around

    def has_more(self) -> ColumnElement[bool]:
        """Whether rows follow in the direction of reading."""
        further = self._read.with_only_columns(ONE, maintain_column_froms=True).offset(self._limit).limit(number(1))
        return self.statement.forms.truth(self._is_full() & further.exists())

    def has_cursor(self) -> ColumnElement[bool]:
        """Whether the page lies behind a row of the list."""
        return self.statement.forms.json("true" if self._is_behind else "false")

    def near(self) -> ColumnElement[Any]:
        """The cursor of the page's row that is read first."""
        shown = self._shown(is_last=self.backward)
        return self._cursor(self._read) if shown is None else shown

    def far(self) -> ColumnElement[Any]:
        """The cursor of the page's row that is read last: that of the list where the page is not full."""
        shown = self._shown(is_last=not self.backward)
        if shown is not None:
            return shown
        last_first = [Sort(sort.column, not sort.descending).expression for sort in self._reading]
        backwards = self._read.order_by(None).order_by(*last_first)
        full = self._cursor(self._read.offset(self._limit - number(1)))
        return case((self._is_full(), full), else_=self._cursor(backwards))

    def total(self) -> ColumnElement[int]:
        """How many rows the list has on all its pages."""
        return self._rows.with_only_columns(func.count(), maintain_column_froms=True).scalar_subquery()

    def _is_full(self) -> ColumnElement[bool]:
        """Whether the page has as many rows as it may."""
        if self._around is not None:
            return func.count() == self._limit
        return self._read.with_only_columns(ONE, maintain_column_froms=True).offset(self._limit - number(1)).exists()

    def _shown(self, *, is_last: bool) -> ColumnElement[Any] | None:
        """The cursor of an end of the page, where the rows around show it."""
        end = self.statement.forms.end
        if self._around is None or end is None:
            return None
        return self._around.end_cursor(self.order, end, is_last=is_last)

    def _cursor(self, rows: Rows) -> ColumnElement[Any]:
        """The cursor of the first of these rows, or null."""
        level = Level(self.statement, rows.limit(number(1)))
        cursor = level.cursor(self.order)
        return select(cursor).select_from(level.source()).scalar_subquery()

    def _parameters(
        self, now: Window, again: Callable[[Variables], Window] | None
    ) -> tuple[ColumnElement[int], list[ColumnElement[Any]]]:
        def place(window: Window) -> list[Any]:
            return [] if window.cursor is None else decode(window.cursor, self.order, window.argument)

        types = [sort.column.type for sort in self.order] if self._is_behind else []
        fixed = place(now)  # raises here already where the cursor is none of this list
        if again is None:
            return number(now.limit), self.statement.parameters.add(lambda _variables: fixed, types)

        def values(variables: Variables) -> list[Any]:
            window = again(variables)
            return [window.limit, *place(window)]

        limit, *cursor = self.statement.parameters.add(values, [Integer(), *types])
        return limit, cursor
