"""Physical sites: what can be read of them and done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError

from errors import Conflict, NotFound
from resolvers.context import Context
from resolvers.filters import LOCATION_COLUMNS, LocationFilter, LocationOrder, filtered, ordered_by
from resolvers.inputs import CreateLocationInput, LocationChanges, SiteChanges
from storage import lists
from storage import locations as store
from storage.database import is_conflict
from storage.models import Location
from storage.paging import Listing, Order, Page, Window
from storage.slugs import slug_of

SLUG_ATTEMPTS = 3  # eight random digits rarely meet twice; a third time means that something else is wrong


def narrow(rows: Select[Location], where: LocationFilter | None) -> Select[Location]:
    """The sites of a statement for which the filter holds."""
    return filtered(rows, where, LOCATION_COLUMNS)


def order_of(order_by: Sequence[LocationOrder] | None) -> Order:
    """The order of a list of sites; newest first unless the client says otherwise."""
    return ordered_by(order_by, LOCATION_COLUMNS, store.NEWEST_FIRST)


async def find_location(ctx: Context, id: str) -> Location | None:
    async with ctx.read() as session:
        return await store.get(session, id)


async def get_location(ctx: Context, id: str) -> Location:
    return _known(await find_location(ctx, id), id)


async def locations_by_id(ctx: Context, ids: Sequence[str]) -> Mapping[str, Location]:
    async with ctx.read() as session:
        return await lists.rows_by(session, store.locations(), Location.id, ids)


async def page_locations(
    ctx: Context, where: LocationFilter | None, order_by: Sequence[LocationOrder] | None, window: Window
) -> Page[Location]:
    async with ctx.read() as session:
        return await lists.page(session, narrow(store.locations(), where), order_of(order_by), window)


async def count_locations(ctx: Context, where: LocationFilter | None) -> int:
    async with ctx.read() as session:
        return await lists.count(session, narrow(store.locations(), where))


async def list_locations(ctx: Context, *, page: int, limit: int) -> Listing[Location]:
    async with ctx.read() as session:
        return await lists.numbered(session, store.locations(), store.NEWEST_FIRST, page=page, limit=limit)


async def create_location(ctx: Context, input: CreateLocationInput) -> Location:
    """A new site with a slug of its own. It has no chargers and no network."""
    for attempt in range(1, SLUG_ATTEMPTS + 1):
        row = Location(
            slug=slug_of(input.name),
            public=input.public is not False,
            latitude=input.coordinates.latitude,
            longitude=input.coordinates.longitude,
            **input.model_dump(include={"name", "address", "city", "country", "timezone", "owner_name"}),
        )
        try:
            async with ctx.write() as session:
                session.add(row)
        except IntegrityError as exc:
            if not is_conflict(exc) or attempt == SLUG_ATTEMPTS:
                raise
        else:
            break
    return row


async def update_location(ctx: Context, id: str, changes: LocationChanges) -> Location:
    """Changes what `changes` gives. Raises Conflict where the new slug is another site's."""
    try:
        async with ctx.write() as session:
            row = _known(await store.get(session, id, to_change=True), id)
            if values := given(changes, LocationChanges):
                change(row, values)
    except IntegrityError as exc:
        if not is_conflict(exc):
            raise
        raise Conflict("Another location of the organization has this slug; choose another one.") from exc
    return row


async def delete_location(ctx: Context, id: str, *, missing_ok: bool = False) -> None:
    """Deletes a site with its chargers, whose runtimes stop. `missing_ok`: a site that is gone is no error."""
    async with ctx.write() as session:
        row = await store.get(session, id)
        if row is None and not missing_ok:
            raise _missing(id)
        chargers = await store.remove(session, [row.id]) if row else []
    await ctx.services.fleet.apply(chargers)


def given(changes: SiteChanges, declared_by: type[SiteChanges]) -> dict[str, Any]:
    """The values that an update gives, by the names of the fields that this class declares."""
    fields = {name: getattr(changes, name) for name in declared_by.model_fields}
    return {name: some.value for name, some in fields.items() if some is not None}


def change(row: Location, values: Mapping[str, Any]) -> None:
    """Puts new values into a site."""
    for name, value in values.items():
        if name == "coordinates":
            row.latitude, row.longitude = value.latitude, value.longitude
        else:
            setattr(row, name, value)
    row.touch()


def _known(row: Location | None, id: str) -> Location:
    if row is None:
        raise _missing(id)
    return row


def _missing(id: str) -> NotFound:
    return NotFound(f"There is no location {id!r}.")
