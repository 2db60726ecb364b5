"""Runs the statements of lists: one row, pages, numbered pages and counts, of one list or of many parents at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, and_, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.batches import batches
from storage.paging import Column, Listing, Order, Page, Window, behind, collect, directed, narrow
from storage.text import is_storable

# what the loop does at once, in some ten milliseconds: it writes a statement with so many values, makes so many rows
KEYS_AT_ONCE = 2_000
ROWS_AT_ONCE = 250

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


async def find(
    session: AsyncSession, rows: Select[Row], column: Column, key: str, *, to_change: bool = False
) -> Row | None:
    """The row of a statement that has this key, where `column` is unique.

    `to_change`: until the commit, nobody else changes or deletes it. Rows that refer to it may still come: who has
    locked the site for a new charger and then writes the charger must not wait for who waits for the site.
    """
    if not is_storable(key):
        return None
    found = rows.where(column == key)
    return (await session.scalars(found.with_for_update(key_share=True) if to_change else found)).one_or_none()


async def page(session: AsyncSession, rows: Select[Row], order: Order, window: Window) -> Page[Row]:
    """One page of the rows of a statement."""
    found = await session.scalars(narrow(rows, order, window))
    return collect(found.all(), order, window)


async def count(session: AsyncSession, rows: Select[Any]) -> int:
    """How many rows a statement has."""
    counted = rows.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    return (await session.scalars(counted)).one()


async def numbered(session: AsyncSession, rows: Select[Row], order: Order, *, page: int, limit: int) -> Listing[Row]:
    """The page of this number, counted from 1, of the rows of a statement."""
    return await sliced(session, rows, order, offset=(page - 1) * limit, limit=limit)


async def sliced(session: AsyncSession, rows: Select[Row], order: Order, *, offset: int, limit: int) -> Listing[Row]:
    """The rows of a statement from `offset` on, at most `limit`."""
    total = await count(session, rows)
    if offset >= total:
        return Listing([], total)  # also keeps absurd offsets from the database
    ordered = rows.order_by(*(sort.expression for sort in order))
    return Listing(list(await session.scalars(ordered.limit(limit).offset(offset))), total)


async def pages_by(
    session: AsyncSession, rows: Select[Row], parent: Column, keys: Sequence[Key], order: Order, window: Window
) -> Mapping[Key, Page[Row]]:
    """The same page of each parent's rows, in one statement; `parent` is the column that holds the parent's key."""
    if len(keys) == 1:
        return {keys[0]: await page(session, rows.where(parent == keys[0]), order, window)}
    found = await session.scalars(_ranked(rows.where(parent.in_(keys)), parent, order, window))
    by_parent: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in found:
        by_parent[getattr(row, parent.key)].append(row)
    return {key: collect(by_parent[key], order, window) for key in keys}


async def counts_by(session: AsyncSession, rows: Select[Any], parent: Column, keys: Sequence[Key]) -> Mapping[Key, int]:
    """How many rows each parent has, in one statement."""
    counted = rows.where(parent.in_(keys)).with_only_columns(parent, func.count(), maintain_column_froms=True)
    found = await session.execute(counted.group_by(parent))
    return dict.fromkeys(keys, 0) | dict(found.all())


async def rows_by(session: AsyncSession, rows: Select[Row], column: Column, keys: Sequence[Key]) -> Mapping[Key, Row]:
    """The row of each key that has one, where `column` is unique."""
    found: dict[Key, Row] = {}
    for some in batches(keys, KEYS_AT_ONCE):
        found.update({getattr(row, column.key): row for row in await every(session, rows.where(column.in_(some)))})
    return found


async def groups_by(
    session: AsyncSession, rows: Select[Row], parent: Column, keys: Sequence[Key]
) -> Mapping[Key, list[Row]]:
    """All rows of each parent, in the statement's order."""
    groups: dict[Key, list[Row]] = {key: [] for key in keys}
    for some in batches(keys, KEYS_AT_ONCE):
        for row in await every(session, rows.where(parent.in_(some))):
            groups[getattr(row, parent.key)].append(row)
    return groups


async def every(session: AsyncSession, rows: Select[Row]) -> list[Row]:
    """All rows of a statement, however many: others on the loop have their turn while they are made."""
    # all values are there then; the rows are made of them as they are taken, which `AsyncSession.scalars` does at once
    found = await session.run_sync(lambda sync_session: sync_session.scalars(rows).yield_per(ROWS_AT_ONCE))
    made: list[Row] = []
    for some in found.partitions():
        made += some
        await asyncio.sleep(0)
    return made


def _ranked(rows: Select[Row], parent: Column, order: Order, window: Window) -> Select[Row]:
    """The first rows of each parent: ranked by their keys alone, then joined to what a row holds."""
    model = rows.column_descriptions[0]["entity"]
    keys = [getattr(model, key.key) for key in inspect(model).primary_key]
    ordering = [sort.expression for sort in directed(order, window)]
    rank = func.row_number().over(partition_by=parent, order_by=ordering).label("rank")
    ranked = behind(rows, order, window).with_only_columns(*keys, rank, maintain_column_froms=True).subquery()
    joined = and_(*(ranked.c[key.key] == key for key in keys))
    return select(model).join(ranked, joined).where(ranked.c.rank <= window.limit + 1).order_by(ranked.c.rank)
