"""Templates of networks and sites, the same for every organization."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers import templates as resolvers
from resolvers.template_catalog import LocationTemplateType
from schema.fields import Info, attribute, field
from storage.models import OcppVersion

Type = Annotated[
    LocationTemplateType | None, strawberry.argument(description="Only templates of this kind of current.")
]
Version = Annotated[
    OcppVersion | None,
    strawberry.argument(description="Only templates with chargers that speak this; mixed ones speak both."),
]


@strawberry.type(description="What a network can be made from.")
class CpoTemplate:
    slug: str = attribute("Unique; give it to createCpo.")
    version: int = attribute("Grows when the template changes.")
    description: str = attribute("What it makes.")
    locations: int = attribute("How many sites it makes unless told otherwise.")
    chargers: int = attribute("How many chargers it makes unless told otherwise.")


@strawberry.type(description="What a site can be made from.")
class LocationTemplate:
    slug: str = attribute("Unique; give it to bulkCreateOcpiLocations.")
    version: int = attribute("Grows when the template changes.")
    description: str = attribute("What it makes.")
    type: LocationTemplateType = attribute("The current that its chargers give.")
    chargers: int = attribute("How many chargers it makes.")
    evses: int = attribute("How many EVSEs its chargers have.")


@strawberry.type
class TemplateQuery:
    @field("The templates of networks.", list[CpoTemplate])
    async def cpo_templates(self, info: Info) -> list[resolvers.CpoTemplate]:
        return await resolvers.list_cpo_templates(info.context)

    @field("The templates of sites.", list[LocationTemplate])
    async def location_templates(
        self, info: Info, type: Type = None, ocpp_version: Version = None
    ) -> list[resolvers.LocationTemplate]:
        return await resolvers.list_location_templates(info.context, type, ocpp_version)
