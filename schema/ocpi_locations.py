"""Sites as networks advertise them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from resolvers import chargers
from resolvers import ocpi_locations as resolvers
from resolvers.bulk import bulk_create_ocpi_locations
from resolvers.cpos import cpos_by_id
from resolvers.inputs import BulkCreateOcpiLocationsInput, DeleteOcpiLocationInput, UpdateOcpiLocationInput
from resolvers.loaders import load_all
from resolvers.values import ParkingType
from schema.connections import After, Before, First, Last, Rows
from schema.fields import INPUT, Id, Info, attribute, embedded, field, lazy, mutation
from schema.locations import Chargers, Coordinates, Location
from schema.nodes import Node
from storage import models
from storage.paging import window


@strawberry.type(description="A site as one network advertises it over OCPI.")
class OcpiLocation(Node):
    row = models.OcpiLocation

    organization_id: strawberry.ID = attribute("The organization it belongs to.")
    slug: str = attribute("The site's name for URLs; unique in the organization.")
    name: str = attribute("What drivers call the site.")
    address: str = attribute("Street and number.")
    city: str = attribute("City or town.")
    country: str = attribute("ISO 3166-1 alpha-2 code; peers read alpha-3.")
    coordinates: Coordinates = embedded("Where it is.")
    timezone: str | None = attribute("IANA time zone.")
    owner_name: str | None = attribute("Who owns the site.")
    public: bool = attribute("Whether anyone may charge there.")
    parking_type: ParkingType | None = attribute("Kind of parking; peers of OCPI 2.1.1 see it as the location's type.")
    created_at: datetime = attribute("When it was created.")
    updated_at: datetime = attribute("When it last changed.")
    location: models.Location = attribute("The physical site.", Location)

    @field("The network that advertises it.", lazy("Cpo", "cpos"))
    async def cpo(self: models.OcpiLocation, info: Info) -> models.Cpo:
        return await load_all(info.context, cpos_by_id, self.network_id)

    @field("The chargers that stand here, newest first.", Chargers)
    async def chargers(
        self: models.OcpiLocation,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Rows:
        page = window(first, after, last, before)
        return Rows(
            await load_all(info.context, chargers.pages_at, self.location_id, None, page),
            partial(load_all, info.context, chargers.counts_at, self.location_id, None),
        )


@strawberry.type
class OcpiLocationQuery:
    @field("A network's location by its id.", OcpiLocation | None)
    async def ocpi_location(self, info: Info, id: Id) -> models.OcpiLocation | None:
        return await resolvers.find_ocpi_location(info.context, id)


@strawberry.type(description="The work that was accepted.")
class BulkCreateOcpiLocationsPayload:
    job: models.Job = attribute("The job that creates the sites; watch it with jobProgress.", lazy("Job", "jobs"))


@strawberry.type(description="The OCPI location that was changed.")
class UpdateOcpiLocationPayload:
    ocpi_location: models.OcpiLocation = attribute("The OCPI location as it is now.", OcpiLocation)


@strawberry.type(description="The OCPI location that was deleted.")
class DeleteOcpiLocationPayload:
    deleted_id: strawberry.ID = attribute("Its id.")


@strawberry.type
class OcpiLocationMutation:
    @mutation("Accepts sites to create in a network; a durable job creates them.")
    async def bulk_create_ocpi_locations(
        self, info: Info, input: Annotated[BulkCreateOcpiLocationsInput, INPUT]
    ) -> BulkCreateOcpiLocationsPayload:
        return BulkCreateOcpiLocationsPayload(job=await bulk_create_ocpi_locations(info.context, input))

    @mutation("Changes a network's location.")
    async def update_ocpi_location(
        self, info: Info, input: Annotated[UpdateOcpiLocationInput, INPUT]
    ) -> UpdateOcpiLocationPayload:
        row = await resolvers.update_ocpi_location(info.context, input.id, input)
        return UpdateOcpiLocationPayload(ocpi_location=row)

    @mutation("Deletes a network's location: the site and its chargers.")
    async def delete_ocpi_location(
        self, info: Info, input: Annotated[DeleteOcpiLocationInput, INPUT]
    ) -> DeleteOcpiLocationPayload:
        await resolvers.delete_ocpi_location(info.context, input.id)
        return DeleteOcpiLocationPayload(deleted_id=input.id)
