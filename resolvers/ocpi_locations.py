"""Sites as networks advertise them: what can be read of them and done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Select

from errors import NotFound
from resolvers.context import Context
from resolvers.cpos import get_cpo
from resolvers.filters import (
    OCPI_LOCATION_COLUMNS,
    LocationFilter,
    LocationOrder,
    filtered,
    network_number,
    ordered_by,
)
from resolvers.inputs import OcpiLocationChanges, SiteChanges
from resolvers.locations import change, given
from storage import lists, locations
from storage import ocpi_locations as store
from storage.models import OcpiLocation
from storage.paging import Listing, Order, Page, Window


def narrow(rows: Select[OcpiLocation], where: LocationFilter | None) -> Select[OcpiLocation]:
    """The OCPI locations of a statement, joined to their sites, for which the filter holds."""
    return filtered(rows, where, OCPI_LOCATION_COLUMNS)


def order_of(order_by: Sequence[LocationOrder] | None) -> Order:
    """The order of a list of OCPI locations; newest first unless the client says otherwise."""
    return ordered_by(order_by, OCPI_LOCATION_COLUMNS, store.NEWEST_FIRST)


async def find_ocpi_location(ctx: Context, id: str) -> OcpiLocation | None:
    async with ctx.read() as session:
        return await store.get(session, id)


async def get_ocpi_location(ctx: Context, id: str, *, cpo_id: str | None = None) -> OcpiLocation:
    """The OCPI location; where a network is given, only if it is in that one."""
    async with ctx.read() as session:
        return _known(await store.get(session, id, network_id=_network(cpo_id)), id)


async def ocpi_locations_by_id(ctx: Context, ids: Sequence[str]) -> Mapping[str, OcpiLocation]:
    async with ctx.read() as session:
        return await lists.rows_by(session, store.ocpi_locations(), OcpiLocation.id, ids)


async def ocpi_locations_of(ctx: Context, location_ids: Sequence[str]) -> Mapping[str, OcpiLocation]:
    """What networks make of these sites."""
    async with ctx.read() as session:
        return await lists.rows_by(session, store.ocpi_locations(), OcpiLocation.location_id, location_ids)


async def pages_in(
    ctx: Context,
    cpo_ids: Sequence[int],
    where: LocationFilter | None,
    order_by: Sequence[LocationOrder] | None,
    window: Window,
) -> Mapping[int, Page[OcpiLocation]]:
    """The same page of each network's locations."""
    async with ctx.read() as session:
        rows = narrow(store.ocpi_locations(), where)
        return await lists.pages_by(session, rows, OcpiLocation.network_id, cpo_ids, order_of(order_by), window)


async def counts_in(ctx: Context, cpo_ids: Sequence[int], where: LocationFilter | None) -> Mapping[int, int]:
    """How many locations each network has."""
    async with ctx.read() as session:
        rows = narrow(store.ocpi_locations(), where)
        return await lists.counts_by(session, rows, OcpiLocation.network_id, cpo_ids)


async def list_ocpi_locations(ctx: Context, cpo_id: str, *, page: int, limit: int) -> Listing[OcpiLocation]:
    cpo = await get_cpo(ctx, cpo_id)
    async with ctx.read() as session:
        rows = store.ocpi_locations().where(OcpiLocation.network_id == cpo.id)
        return await lists.numbered(session, rows, store.NEWEST_FIRST, page=page, limit=limit)


async def update_ocpi_location(
    ctx: Context, id: str, changes: OcpiLocationChanges, *, cpo_id: str | None = None
) -> OcpiLocation:
    """Changes what `changes` gives; the site's slug stays."""
    async with ctx.write() as session:
        row = _known(await store.get_to_change(session, id, network_id=_network(cpo_id)), id)
        values = given(changes, SiteChanges)
        if changes.parking_type is not None:
            row.parking_type = changes.parking_type.value
        if values or changes.parking_type is not None:
            change(row.location, values)
    return row


async def delete_ocpi_location(ctx: Context, id: str, *, cpo_id: str | None = None) -> None:
    """Deletes the site with its chargers, whose runtimes stop."""
    async with ctx.write() as session:
        row = _known(await store.get(session, id, network_id=_network(cpo_id)), id)
        chargers = await locations.remove(session, [row.location_id])
    await ctx.services.fleet.apply(chargers)


def _network(cpo_id: str | None) -> int | None:
    """The number of the network, 0 (which no network has) for an id that none can have."""
    return None if cpo_id is None else network_number(cpo_id) or 0


def _known(row: OcpiLocation | None, id: str) -> OcpiLocation:
    if row is None:
        raise NotFound(f"There is no OCPI location {id!r}.")
    return row
