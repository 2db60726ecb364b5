"""The catalog of brands and models: `/ocpp/catalog` (REST contract §7)."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from resolvers import catalog
from resolvers.context import Context
from rest.requests import Id, PageQuery
from rest.responses import Instant, ListResponse, Response
from storage.models import Model


class BrandResponse(Response):
    """A maker of chargers."""

    id: str
    slug: str
    name: str
    image_url: str | None = None
    created_at: Instant | None = None


class BrandListResponse(ListResponse[BrandResponse]):
    """One page of brands."""


class ModelResponse(Response):
    """A model of charger."""

    id: str
    slug: str
    name: str
    brand_slug: str | None = None
    brand_id: str | None = None
    image_url: str | None = None
    connector_count: int | None = None
    current_type: str | None = Field(None, description="ac or dc.")
    supported_kwh: list[float] | None = Field(None, description="Power steps in kW, whatever the name says.")
    connector_types: list[str] | None = None
    created_at: Instant | None = None

    @classmethod
    def of(cls, row: Model, brand_slug: str) -> Self:
        return cls.read(row, brand_slug=brand_slug, supported_kwh=row.supported_kw)


class ModelListResponse(ListResponse[ModelResponse]):
    """One page of the models of a brand."""


async def list_brands(ctx: Context, query: PageQuery) -> BrandListResponse:
    """Every brand, the newest first."""
    listing = await catalog.list_brands(ctx, page=query.page, limit=query.limit)
    return BrandListResponse.of(listing, query, map(BrandResponse.read, listing.rows))


async def list_models(ctx: Context, brand_slug: Id, query: PageQuery) -> ModelListResponse:
    """The models of a brand, the newest first."""
    listing = await catalog.list_models(ctx, brand_slug, page=query.page, limit=query.limit)
    return ModelListResponse.of(listing, query, [ModelResponse.of(row, brand_slug) for row in listing.rows])


async def get_model(ctx: Context, brand_slug: Id, model_slug: Id) -> ModelResponse:
    """One model of a brand."""
    return ModelResponse.of(await catalog.get_model(ctx, brand_slug, model_slug), brand_slug)
