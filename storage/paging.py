"""Keyset pages: a cursor names the last row seen, so a page costs the same wherever it lies.

An order is a list of columns with directions, always closed by the id, so that it is total. One page is the rows
behind (or before) a cursor in that order, one more than asked for, to know whether the list goes on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from errors import FieldError, InvalidInput
from storage.models import wire

DEFAULT_PAGE = 50
MAX_PAGE = 100
MAX_INTEGER = 2**31 - 1  # of the integer columns of PostgreSQL

CURSOR_PART = re.compile("([0-9a-f]{2})*", re.ASCII)

Column = InstrumentedAttribute[Any]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Sort:
    """One column of an order. `key` is its name on the row, from which cursors are made."""

    column: Column
    descending: bool = False

    @property
    def key(self) -> str:
        return self.column.key

    @property
    def expression(self) -> ColumnElement[Any]:
        return self.column.desc() if self.descending else self.column.asc()


Order = Sequence[Sort]


@dataclass(frozen=True)
class Window:
    """Which page of a list: at most `limit` rows, `backward` from the end, beyond the row of `cursor`."""

    limit: int = DEFAULT_PAGE
    cursor: str | None = None
    backward: bool = False

    @property
    def argument(self) -> str:
        """The name under which clients give the cursor."""
        return "before" if self.backward else "after"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page in list order. `has_more` tells of rows further on in the direction of paging."""

    rows: list[Row]
    order: Order
    window: Window
    has_more: bool = False


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """The rows of one numbered page, and how many rows all pages have."""

    rows: list[Row]
    total: int


def window(first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """The window that Relay's four arguments name. Raises InvalidInput where they contradict or are out of bounds."""
    if first is not None and last is not None:
        raise _invalid("last", "excludes first; give one of them")
    if before is not None and last is None:
        raise _invalid("before", "goes with last; give after with first")
    if after is not None and last is not None:
        raise _invalid("after", "goes with first; give before with last")
    name, limit = ("first", first) if last is None else ("last", last)
    if limit is not None and not 1 <= limit <= MAX_PAGE:
        raise _invalid(name, f"must be from 1 to {MAX_PAGE}")
    return Window(limit or DEFAULT_PAGE, after if last is None else before, last is not None)


def narrow(select: Select[Row], order: Order, page: Window) -> Select[Row]:
    """The statement of one page: ordered, behind the cursor, one row more than the page holds."""
    sorts = directed(order, page)
    return behind(select, order, page).order_by(*(sort.expression for sort in sorts)).limit(page.limit + 1)


def behind(select: Select[Row], order: Order, page: Window) -> Select[Row]:
    """The rows behind the page's cursor, neither ordered nor limited."""
    if page.cursor is None:
        return select
    return select.where(beyond(directed(order, page), decode(page.cursor, order, page.argument)))


def directed(order: Order, page: Window) -> Order:
    """The order in which a page is read: backwards from the end of the list where the page says so."""
    return [Sort(sort.column, sort.descending != page.backward) for sort in order]


def collect(rows: Sequence[Row], order: Order, page: Window) -> Page[Row]:
    """The page that the rows of a `narrow`ed statement make."""
    kept = list(rows[: page.limit])
    return Page(kept[::-1] if page.backward else kept, order, page, len(rows) > page.limit)


def beyond(sorts: Order, values: Sequence[Any]) -> ColumnElement[bool]:
    """Rows that come after these values in this order, in a form for which an index finds the place."""
    columns, first = [sort.column for sort in sorts], sorts[0]
    if any(sort.descending != first.descending for sort in sorts):
        reached = first.column <= values[0] if first.descending else first.column >= values[0]
        return and_(reached, _after(sorts, values))
    place = tuple_(*values, types=[column.type for column in columns])
    return tuple_(*columns) < place if first.descending else tuple_(*columns) > place


def _after(sorts: Order, values: Sequence[Any]) -> ColumnElement[bool]:
    """`a > x or (a = x and (b > y or …))`, each column in its direction."""
    condition: ColumnElement[bool] = false()
    for sort, value in zip(reversed(sorts), reversed(values), strict=True):
        further = sort.column < value if sort.descending else sort.column > value
        condition = or_(further, and_(sort.column == value, condition))
    return condition


def encode(row: object, order: Order) -> str:
    """The cursor of a row in an order: the order's signature and the row's values, each in hexadecimal.

    The read planner makes the same text in SQL, where both databases know hexadecimal and no common other form.
    """
    return ".".join([signature(order), *(_shown(getattr(row, sort.key)).encode().hex() for sort in order)])


def decode(cursor: str, order: Order, argument: str) -> list[Any]:
    """The values a cursor of this order holds. Raises InvalidInput, naming the argument, for any other text."""
    signed, *values = cursor.split(".")
    if not all(CURSOR_PART.fullmatch(part) for part in [signed, *values]):
        raise _invalid(argument, "is not a cursor of this list")
    if signed != signature(order) or len(values) != len(order):
        raise _invalid(argument, "is a cursor of another order or list")
    try:
        return [_typed(bytes.fromhex(value).decode(), sort.column) for value, sort in zip(values, order, strict=True)]
    except (ValueError, OverflowError) as exc:
        raise _invalid(argument, "is not a cursor of this list") from exc


def signature(order: Order) -> str:
    """What tells the cursors of one order from those of another, in hexadecimal."""
    named = ",".join(f"{'-' if sort.descending else ''}{sort.column}" for sort in order)
    return blake2s(named.encode(), digest_size=4).hexdigest()


def _shown(value: Any) -> str:
    return wire(value) if isinstance(value, datetime) else str(value)


def _typed(text: str, column: Column) -> Any:
    wanted = column.type.python_type
    if wanted is datetime:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("a naive instant")
        return at.astimezone(UTC)
    if wanted is int:
        return _integer(text)
    if "\0" in text:
        raise ValueError("no text of a database holds NUL")
    return text


def _integer(text: str) -> int:
    number = int(text)
    if abs(number) > MAX_INTEGER:
        raise ValueError("beyond the integer columns")
    return number


def _invalid(argument: str, message: str) -> InvalidInput:
    return InvalidInput(f"{argument} {message}", [FieldError((argument,), message)])
