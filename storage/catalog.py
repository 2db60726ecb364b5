"""The catalog of brands and models in the database; the same for every tenant."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

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
    if not is_storable(slug):
        return None
    return (await session.scalars(brands().where(Brand.slug == slug))).one_or_none()


async def get_model(session: AsyncSession, brand_slug: str, slug: str) -> Model | None:
    if not (is_storable(brand_slug) and is_storable(slug)):
        return None
    found = models().join(Model.brand).options(contains_eager(Model.brand))
    return (await session.scalars(found.where(Brand.slug == brand_slug, Model.slug == slug))).one_or_none()
