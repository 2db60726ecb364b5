"""The galleries of templates: `/ocpi/templates/cpos` and `/ocpp/templates/locations` (REST contract §9)."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from resolvers import templates
from resolvers.context import Context
from resolvers.templates import ChargerGroup, CpoTemplate, LocationTemplate, LocationTemplateType
from rest.responses import Response
from storage.models import OcppVersion

MIXED = "mixed"


class TemplateSummary(Response):
    """A template of networks; `locations` and `chargers` are the totals without overrides."""

    slug: str
    version: int
    description: str
    locations: int
    chargers: int

    @classmethod
    def of(cls, template: CpoTemplate) -> Self:
        return cls.read(template)


class TemplateListResponse(Response):
    """Every template of networks."""

    data: list[TemplateSummary]
    total: int


class LocationTemplateSite(Response):
    """Where a template's site stands."""

    country: str
    city: str
    parking_type: str
    timezone: str


class LocationTemplateGroup(Response):
    """The chargers of one kind at a template's site."""

    brand_slug: str
    model_slug: str
    connector_type: str
    ocpp_version: str
    count: int
    nominal_kw: float
    identity_prefix: str

    @classmethod
    def of(cls, group: ChargerGroup) -> Self:
        return cls.read(group)


class LocationTemplateSummary(Response):
    """A template of sites."""

    slug: str
    version: int
    description: str
    type: str = Field(description="AC, DC or AC-DC, as the chargers' models are.")
    ocpp_version: str = Field(description="What the chargers speak; mixed where they differ.")
    site: LocationTemplateSite
    groups: list[LocationTemplateGroup]
    chargers: int
    evses: int

    @classmethod
    def of(cls, template: LocationTemplate) -> Self:
        versions = sorted(template.ocpp_versions)
        return cls.read(
            template,
            ocpp_version=versions[0] if len(versions) == 1 else MIXED,
            site=LocationTemplateSite.read(template.site),
            groups=[LocationTemplateGroup.of(group) for group in template.groups],
        )


class LocationTemplateListResponse(Response):
    """Every template of sites that passes the filters."""

    data: list[LocationTemplateSummary]
    total: int


class LocationTemplatesQuery(BaseModel):
    """Which templates of sites."""

    type: LocationTemplateType | None = Field(None, description="Only those with this current.")
    ocpp_version: OcppVersion | None = Field(
        None, description="Only those with chargers of this version; mixed ones have every version."
    )


async def list_cpo_templates(ctx: Context) -> TemplateListResponse:
    """The templates that a network can be made from."""
    rows = await templates.list_cpo_templates(ctx)
    return TemplateListResponse(data=[TemplateSummary.of(row) for row in rows], total=len(rows))


async def list_location_templates(ctx: Context, query: LocationTemplatesQuery) -> LocationTemplateListResponse:
    """The templates that a site of a network can be made from."""
    rows = await templates.list_location_templates(ctx, query.type, query.ocpp_version)
    return LocationTemplateListResponse(data=[LocationTemplateSummary.of(row) for row in rows], total=len(rows))
