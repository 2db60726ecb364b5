"""What happens to running chargers, as it happens: their frames, and the changes of their connectors' status.

Read from what the fleet has written, so that it is the same whichever process runs a charger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select

from errors import FieldError, InvalidInput
from resolvers.chargers import get_charger
from resolvers.context import Context
from resolvers.cpos import get_cpo
from resolvers.locations import get_location
from storage import live as store
from storage.models import ConnectorEvent, OcppMessage, utc_now

OVERLAP = timedelta(seconds=2)  # rows of several processes become visible out of order, by less than this

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
    newest = utc_now()
    seen = {row.id for row in await _since(ctx, model, scope, newest)}
    while True:
        await ctx.services.fleet.written()
        rows: Sequence[Row] = await _since(ctx, model, scope, newest)
        for row in rows:
            if row.id not in seen:
                yield row
        seen = {row.id for row in rows}
        newest = max([newest, *(row.timestamp for row in rows)])


async def _since(ctx: Context, model: type[Row], scope: Select[Any], newest: datetime) -> Sequence[Row]:
    async with ctx.read() as session:
        return await store.since(session, model, scope, newest - OVERLAP)
