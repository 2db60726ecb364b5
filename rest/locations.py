"""Sites: `/ocpp/locations` (REST contract §4)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from resolvers import locations
from resolvers.context import Context
from resolvers.inputs import CreateLocationInput, LocationChanges
from rest.reads import NumberedRows, OneRow
from rest.requests import Id, PageQuery
from rest.responses import Coordinates, Instant, ListResponse, Response, Within
from storage import locations as store
from storage.models import Location


class LocationResponse(Response):
    """A physical site."""

    id: str
    slug: str | None = None
    name: str | None = None
    address: str | None = None
    city: str | None = None
    country: str | None = Field(None, description="ISO 3166-1 alpha-2 code.")
    coordinates: Annotated[Coordinates | None, Within(Coordinates)] = None
    timezone: str | None = Field(None, description="IANA time zone.")
    owner_name: str | None = None
    public: bool | None = None
    status: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class LocationListResponse(ListResponse[LocationResponse]):
    """One page of locations."""


LOCATION = OneRow(LocationResponse, store.locations, {"location_id": Location.id})
LOCATIONS = NumberedRows(LocationResponse, store.locations, store.NEWEST_FIRST)


async def list_locations(ctx: Context, query: PageQuery) -> LocationListResponse:
    """Sites of the organization, newest first."""
    listing = await locations.list_locations(ctx, page=query.page, limit=query.limit)
    return LocationListResponse.of(listing, query, map(LocationResponse.read, listing.rows))


async def create_location(ctx: Context, body: CreateLocationInput) -> LocationResponse:
    """Creates a site without chargers and without an OCPI projection."""
    return LocationResponse.read(await locations.create_location(ctx, body))


async def get_location(ctx: Context, location_id: Id) -> LocationResponse:
    """One site."""
    return LocationResponse.read(await locations.get_location(ctx, location_id))


async def update_location(ctx: Context, location_id: Id, body: LocationChanges) -> LocationResponse:
    """Changes a site: a key left out keeps its value, null clears it where that is possible."""
    return LocationResponse.read(await locations.update_location(ctx, location_id, body))


async def delete_location(ctx: Context, location_id: Id) -> None:
    """Deletes a site with its chargers; a site that is gone already is no error."""
    await locations.delete_location(ctx, location_id, missing_ok=True)
