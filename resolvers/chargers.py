"""Chargers: what can be read of them, their EVSEs and their frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select

from errors import FieldError, InvalidInput, NotFound
from resolvers.context import Context
from resolvers.filters import CHARGER_COLUMNS, ChargerFilter, ChargerOrder, filtered, ordered_by
from resolvers.values import UNSTORABLE
from storage import chargers as store
from storage import lists
from storage.models import Charger, Evse, OcppMessage
from storage.paging import Listing, Order, Page, Window
from storage.text import is_storable


@dataclass(frozen=True)
class FrameFilter:
    """Which recorded frames: of this OCPP action, from one instant to another, both inclusive."""

    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def narrow(rows: Select[Charger], where: ChargerFilter | None) -> Select[Charger]:
    """The chargers of a statement for which the filter holds."""
    return filtered(rows, where, CHARGER_COLUMNS)


def order_of(order_by: Sequence[ChargerOrder] | None) -> Order:
    """The order of a list of chargers; newest first unless the client says otherwise."""
    return ordered_by(order_by, CHARGER_COLUMNS, store.NEWEST_FIRST)


def narrow_frames(rows: Select[OcppMessage], where: FrameFilter) -> Select[OcppMessage]:
    """The frames of a statement that are wanted."""
    if where.event is not None:
        if not is_storable(where.event):
            raise InvalidInput(f"event {UNSTORABLE}", [FieldError(("event",), UNSTORABLE)])
        rows = rows.where(OcppMessage.action == where.event)
    if where.since is not None:
        rows = rows.where(OcppMessage.timestamp >= where.since)
    if where.until is not None:
        rows = rows.where(OcppMessage.timestamp <= where.until)
    return rows


async def find_charger(ctx: Context, id: str) -> Charger | None:
    async with ctx.read() as session:
        return await store.get(session, id)


async def get_charger(ctx: Context, id: str) -> Charger:
    row = await find_charger(ctx, id)
    if row is None:
        raise NotFound(f"There is no charger {id!r}.")
    return row


async def find_evse(ctx: Context, id: str) -> Evse | None:
    async with ctx.read() as session:
        return await store.get_evse(session, id)


async def chargers_by_id(ctx: Context, ids: Sequence[str]) -> Mapping[str, Charger]:
    async with ctx.read() as session:
        return await lists.rows_by(session, store.chargers(), Charger.id, ids)


async def chargers_by_location(ctx: Context, location_ids: Sequence[str]) -> Mapping[str, list[Charger]]:
    """All chargers of these sites, oldest first, those made together by identity."""
    async with ctx.read() as session:
        return await lists.groups_by(session, store.chargers_of_sites(), Charger.location_id, location_ids)


async def evses_by_charger(ctx: Context, charger_ids: Sequence[str]) -> Mapping[str, list[Evse]]:
    """The EVSEs of these chargers, in the order of their connectors."""
    async with ctx.read() as session:
        return await lists.groups_by(session, store.evses(), Evse.charger_id, charger_ids)


async def page_chargers(
    ctx: Context,
    where: ChargerFilter | None,
    order_by: Sequence[ChargerOrder] | None,
    window: Window,
    *,
    location_id: str | None = None,
) -> Page[Charger]:
    async with ctx.read() as session:
        return await lists.page(session, narrow(_at(location_id), where), order_of(order_by), window)


async def count_chargers(ctx: Context, where: ChargerFilter | None, *, location_id: str | None = None) -> int:
    async with ctx.read() as session:
        return await lists.count(session, narrow(_at(location_id), where))


async def pages_at(
    ctx: Context, location_ids: Sequence[str], where: ChargerFilter | None, window: Window
) -> Mapping[str, Page[Charger]]:
    """The same page of each site's chargers."""
    async with ctx.read() as session:
        rows = narrow(store.chargers(), where)
        return await lists.pages_by(session, rows, Charger.location_id, location_ids, store.NEWEST_FIRST, window)


async def counts_at(ctx: Context, location_ids: Sequence[str], where: ChargerFilter | None) -> Mapping[str, int]:
    """How many chargers each site has."""
    async with ctx.read() as session:
        return await lists.counts_by(session, narrow(store.chargers(), where), Charger.location_id, location_ids)


async def list_chargers(
    ctx: Context, *, page: int, limit: int, location_id: str | None = None, ids: Sequence[str] | None = None
) -> Listing[Charger]:
    """The chargers of a site, or of all; only those of `ids` where ids are given."""
    rows = _at(location_id)
    if ids is not None:
        rows = rows.where(Charger.id.in_([id for id in ids if is_storable(id)]))
    async with ctx.read() as session:
        return await lists.numbered(session, rows, store.NEWEST_FIRST, page=page, limit=limit)


async def frame_pages(
    ctx: Context, charger_ids: Sequence[str], where: FrameFilter, window: Window
) -> Mapping[str, Page[OcppMessage]]:
    """The same page of each charger's frames."""
    async with ctx.read() as session:
        rows = narrow_frames(store.frames(), where)
        order = store.NEWEST_FRAMES_FIRST
        return await lists.pages_by(session, rows, OcppMessage.charger_id, charger_ids, order, window)


async def frame_counts(ctx: Context, charger_ids: Sequence[str], where: FrameFilter) -> Mapping[str, int]:
    """How many frames of each charger are kept."""
    async with ctx.read() as session:
        rows = narrow_frames(store.frames(), where)
        return await lists.counts_by(session, rows, OcppMessage.charger_id, charger_ids)


async def list_logs(
    ctx: Context, charger_id: str, where: FrameFilter, *, offset: int, limit: int
) -> Listing[OcppMessage]:
    """The frames of a charger, newest first; none for an unknown charger (REST contract §5.8)."""
    ctx.tenant  # noqa: B018 - raises where there is none, whatever the id
    if not is_storable(charger_id):
        return Listing([], 0)
    async with ctx.read() as session:
        rows = narrow_frames(store.frames().where(OcppMessage.charger_id == charger_id), where)
        return await lists.sliced(session, rows, store.NEWEST_FRAMES_FIRST, offset=offset, limit=limit)


def _at(location_id: str | None) -> Select[Charger]:
    if location_id is None:
        return store.chargers()
    # no site has an id that can't be stored, nor an empty one
    return store.chargers().where(Charger.location_id == (location_id if is_storable(location_id) else ""))
