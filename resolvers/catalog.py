"""The catalog of brands and models. Any valid token may read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errors import NotFound
from resolvers.context import Context
from storage import catalog as store
from storage import lists
from storage.models import Brand, Model
from storage.paging import Listing


async def all_brands(ctx: Context) -> list[Brand]:
    """Every brand, by slug."""
    async with ctx.read_catalog() as session:
        return list(await session.scalars(store.brands().order_by(Brand.slug)))


async def find_brand(ctx: Context, slug: str) -> Brand | None:
    async with ctx.read_catalog() as session:
        return await store.get_brand(session, slug)


async def list_brands(ctx: Context, *, page: int, limit: int) -> Listing[Brand]:
    async with ctx.read_catalog() as session:
        return await lists.numbered(session, store.brands(), store.BRANDS_NEWEST_FIRST, page=page, limit=limit)


async def list_models(ctx: Context, brand_slug: str, *, page: int, limit: int) -> Listing[Model]:
    """The models of a brand. Raises NotFound where there is no such brand."""
    brand = await find_brand(ctx, brand_slug)
    if brand is None:
        raise NotFound(f"There is no brand {brand_slug!r}.")
    async with ctx.read_catalog() as session:
        rows = store.models().where(Model.brand_id == brand.id)
        return await lists.numbered(session, rows, store.MODELS_NEWEST_FIRST, page=page, limit=limit)


async def get_model(ctx: Context, brand_slug: str, model_slug: str) -> Model:
    async with ctx.read_catalog() as session:
        row = await store.get_model(session, brand_slug, model_slug)
    if row is None:
        raise NotFound(f"There is no model {model_slug!r} of a brand {brand_slug!r}.")
    return row


async def models_by_brand(ctx: Context, brand_ids: Sequence[str]) -> Mapping[str, list[Model]]:
    """The models of these brands, by slug."""
    async with ctx.read_catalog() as session:
        return await lists.groups_by(session, store.models().order_by(Model.slug), Model.brand_id, brand_ids)


async def brands_by_id(ctx: Context, ids: Sequence[str]) -> Mapping[str, Brand]:
    async with ctx.read_catalog() as session:
        return await lists.rows_by(session, store.brands(), Brand.id, ids)
