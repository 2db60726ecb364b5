"""The catalog of brands and models, the same for every organization."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers import catalog as resolvers
from resolvers.loaders import load_all
from schema.fields import Info, attribute, field
from storage import models

Slug = Annotated[str, strawberry.argument(description="Its slug.")]


@strawberry.type(description="A model of charger.")
class Model:
    id: strawberry.ID = attribute("Opaque; the same in REST.")
    slug: str = attribute("Unique within the brand.")
    name: str = attribute("What its maker calls it.")
    image_url: str | None = attribute("A picture of it.")
    connector_count: int = attribute("How many connectors it has.")
    current_type: str = attribute("ac or dc.")
    supported_kw: list[float] = attribute("Its power steps, in kW.")
    connector_types: list[str] = attribute("The connector types that it offers, such as Type2 and CCS2.")

    @field("Who makes it.", Annotated["Brand", strawberry.lazy("schema.catalog")])
    async def brand(self: models.Model, info: Info) -> models.Brand:
        return await load_all(info.context, resolvers.brands_by_id, self.brand_id)


@strawberry.type(description="A maker of chargers.")
class Brand:
    id: strawberry.ID = attribute("Opaque; the same in REST.")
    slug: str = attribute("Unique.")
    name: str = attribute("What it calls itself.")
    image_url: str | None = attribute("A picture of it.")

    @field("Its models, by slug.", list[Model])
    async def models(self: models.Brand, info: Info) -> list[models.Model]:
        return await load_all(info.context, resolvers.models_by_brand, self.id)


@strawberry.type
class CatalogQuery:
    @field("Every brand, by slug.", list[Brand])
    async def brands(self, info: Info) -> list[models.Brand]:
        return await resolvers.all_brands(info.context)

    @field("A brand by its slug.", Brand | None)
    async def brand(self, info: Info, slug: Slug) -> models.Brand | None:
        return await resolvers.find_brand(info.context, slug)
