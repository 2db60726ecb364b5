"""What happens to running chargers, as it happens: their frames, and the changes of their connectors' status.

Read from what the fleet has written, so that it is the same whichever process runs a charger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Select

from errors import FieldError, InvalidInput
from resolvers.chargers import get_charger
from resolvers.context import Context
from resolvers.cpos import get_cpo
from resolvers.locations import get_location
from storage import live as store
from storage.models import ConnectorEvent, OcppMessage, utc_now

OVERLAP = timedelta(seconds=2)  # rows of several processes become visible out of order, mostly by less than this
# and always by less than this: a batch that can't be written waits for two more tries, 2.2 s each, and clocks differ
LATE = timedelta(seconds=6)
LOOK_BACK_S = 2.0  # how often what comes late is looked for
AHEAD = timedelta(seconds=10)  # this machine's clock of the database's, which dates the rows: by no more, at the start
PAGE = 500  # rows that are read at once

Row = TypeVar("Row", OcppMessage, ConnectorEvent)


async def ocpp_messages(
    ctx: Context, *, charger_id: str | None = None, location_id: str | None = None
) -> AsyncIterator[OcppMessage]:
    """The frames of a charger, or of every charger of a site, from now on. Raises NotFound, InvalidInput."""
    scope = await _scope(ctx, {"chargerId": charger_id, "locationId": location_id})
    async for frame in _follow(ctx, OcppMessage, scope):
        yield frame


async def connector_status_changes(
    ctx: Context, *, charger_id: str | None = None, location_id: str | None = None, cpo_id: str | None = None
) -> AsyncIterator[ConnectorEvent]:
    """The changes of connectors' status of a charger, site or network, from now on. Raises NotFound, InvalidInput."""
    scope = await _scope(ctx, {"chargerId": charger_id, "locationId": location_id, "cpoId": cpo_id})
    async for event in _follow(ctx, ConnectorEvent, scope):
        yield event


async def _scope(ctx: Context, given: dict[str, str | None]) -> Select[Any]:
    """The chargers that the one given argument names."""
    named = {name: id for name, id in given.items() if id is not None}
    if len(named) != 1:
        message = f"give exactly one of {', '.join(given)}"
        raise InvalidInput(message, [FieldError((name,), message) for name in given])
    [(name, id)] = named.items()
    if name == "chargerId":
        return store.one((await get_charger(ctx, id)).id)
    if name == "locationId":
        return store.at_location((await get_location(ctx, id)).id)
    return store.in_network((await get_cpo(ctx, id)).id)


async def _follow(ctx: Context, model: type[Row], scope: Select[Any]) -> AsyncIterator[Row]:
    """The rows that come from now on, each once: what lies within the overlap is read again and again."""
    newest = utc_now() - AHEAD
    seen = {row.id: row.timestamp async for page in _since(ctx, model, scope, newest - LATE) for row in page}
    looked_back_at = monotonic()
    while True:
        await ctx.services.fleet.written()
        overlap = OVERLAP
        if monotonic() - looked_back_at >= LOOK_BACK_S:
            overlap, looked_back_at = LATE, monotonic()
        async for page in _since(ctx, model, scope, newest - overlap):
            for row in page:
                if row.id not in seen:
                    yield row
            newest = max(newest, min(page[-1].timestamp, utc_now()))  # the clock of another machine may be ahead
            seen |= {row.id: row.timestamp for row in page}
            seen = {id: at for id, at in seen.items() if at >= newest - LATE}


async def _since(ctx: Context, model: type[Row], scope: Select[Any], at: datetime) -> AsyncIterator[Sequence[Row]]:
    """The rows from an instant on, page by page."""
    place = (at, "")
    while True:
        async with ctx.read() as session:
            page: Sequence[Row] = await store.after(session, model, scope, place, PAGE)
        if page:
            yield page
            place = (page[-1].timestamp, page[-1].id)
        if len(page) < PAGE:
            return
