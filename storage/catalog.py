"""The catalog of brands and models in the database; the same for every tenant."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from storage.lists import find
from storage.models import Brand, Model
from storage.paging import Sort
from storage.text import is_storable

BRANDS_NEWEST_FIRST = (Sort(Brand.created_at, descending=True), Sort(Brand.id))
MODELS_NEWEST_FIRST = (Sort(Model.created_at, descending=True), Sort(Model.id))


def brands() -> Select[Brand]:
    return select(Brand)


def models() -> Select[Model]:
    return select(Model)


async def get_brand(session: AsyncSession, slug: str) -> Brand | None:
    return await find(session, brands(), Brand.slug, slug)


async def get_model(session: AsyncSession, brand_slug: str, slug: str) -> Model | None:
    if not is_storable(brand_slug):
        return None
    of_brand = models().join(Model.brand).options(contains_eager(Model.brand)).where(Brand.slug == brand_slug)
    return await find(session, of_brand, Model.slug, slug)
