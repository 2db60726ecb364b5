"""Physical sites."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import chargers
from resolvers import locations as resolvers
from resolvers.filters import ChargerFilter, LocationFilter, LocationOrder
from resolvers.inputs import CreateLocationInput, DeleteLocationInput, UpdateLocationInput
from resolvers.loaders import load, load_all
from resolvers.ocpi_locations import ocpi_locations_of
from schema.connections import After, Before, Connection, First, Last, Rows
from schema.fields import INPUT, Id, Info, attribute, embedded, field, lazy, mutation
from schema.nodes import Node
from storage import models
from storage.paging import window

if TYPE_CHECKING:
    from schema.chargers import Charger

Where = Annotated[LocationFilter | None, strawberry.argument(description="Only locations for which this holds.")]
Chargers = Connection[Annotated["Charger", strawberry.lazy("schema.chargers")]]
ChargersWhere = Annotated[ChargerFilter | None, strawberry.argument(description="Only chargers for which this holds.")]
OrderBy = Annotated[
    list[LocationOrder] | None, strawberry.argument(description="Levels of the order; newest first if not given.")
]


@strawberry.type(description="A point on earth, WGS 84.")
class Coordinates:
    latitude: float = attribute("Decimal degrees, -90 to 90.")
    longitude: float = attribute("Decimal degrees, -180 to 180.")


@strawberry.type(description="A physical site (OCPP side).")
class Location(Node):
    row = models.Location

    slug: str = attribute("Its name for URLs; unique in the organization.")
    name: str = attribute("What drivers call the site.")
    address: str = attribute("Street and number.")
    city: str = attribute("City or town.")
    country: str = attribute("ISO 3166-1 alpha-2 code.")
    coordinates: Coordinates = embedded("Where it is.")
    timezone: str | None = attribute("IANA time zone.")
    owner_name: str | None = attribute("Who owns the site.")
    public: bool = attribute("Whether anyone may charge there.")
    status: str = attribute("Such as active.")
    created_at: datetime = attribute("When it was created.")
    updated_at: datetime = attribute("When it last changed.")

    @field("The chargers that stand here, newest first.", Chargers)
    async def chargers(
        self: models.Location,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: ChargersWhere = None,
    ) -> Rows:
        page = window(first, after, last, before)
        return Rows(
            await load_all(info.context, chargers.pages_at, self.id, where, page),
            partial(load_all, info.context, chargers.counts_at, self.id, where),
        )

    @field("What its network makes of it; null where it is in none.", lazy("OcpiLocation", "ocpi_locations") | None)
    async def ocpi_location(self: models.Location, info: Info) -> models.OcpiLocation | None:
        return await load(info.context, ocpi_locations_of, self.id)


@strawberry.type
class LocationQuery:
    @field("A site by its id.", Location | None)
    async def location(self, info: Info, id: Id) -> models.Location | None:
        return await resolvers.find_location(info.context, id)

    @field("The sites of the organization, in networks or not.", Connection[Location])
    async def locations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: Where = None,
        order_by: OrderBy = None,
    ) -> Rows:
        page = window(first, after, last, before)
        return Rows(
            await resolvers.page_locations(info.context, where, order_by, page),
            partial(resolvers.count_locations, info.context, where),
        )


@strawberry.type(description="The site that was created.")
class CreateLocationPayload:
    location: models.Location = attribute("The new site.", Location)


@strawberry.type(description="The site that was changed.")
class UpdateLocationPayload:
    location: models.Location = attribute("The site as it is now.", Location)


@strawberry.type(description="The site that was deleted.")
class DeleteLocationPayload:
    deleted_id: strawberry.ID = attribute("Its id.")


@strawberry.type
class LocationMutation:
    @mutation("Creates a site without chargers and without a network.")
    async def create_location(self, info: Info, input: Annotated[CreateLocationInput, INPUT]) -> CreateLocationPayload:
        return CreateLocationPayload(location=await resolvers.create_location(info.context, input))

    @mutation("Changes a site.")
    async def update_location(self, info: Info, input: Annotated[UpdateLocationInput, INPUT]) -> UpdateLocationPayload:
        return UpdateLocationPayload(location=await resolvers.update_location(info.context, input.id, input))

    @mutation("Deletes a site with its chargers.")
    async def delete_location(self, info: Info, input: Annotated[DeleteLocationInput, INPUT]) -> DeleteLocationPayload:
        await resolvers.delete_location(info.context, input.id)
        return DeleteLocationPayload(deleted_id=input.id)
