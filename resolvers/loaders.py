"""Batches what sibling fields ask for: one statement for all of them, kept for the rest of the operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from strawberry.dataloader import DataLoader

from errors import NotFound
from resolvers.context import Context

MAX_BATCH = 10_000  # keys in one statement; the databases take 32,766 parameters

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")

Fetch = Callable[Concatenate[Context, Sequence[Key], Arguments], Awaitable[Mapping[Key, Value]]]


async def load(
    ctx: Context,
    fetch: Fetch[Key, Arguments, Value],
    key: Key,
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Value | None:
    """What `fetch` finds for this key, None where it finds nothing; calls with equal arguments share a batch."""
    name = (fetch, repr((args, kwargs)))
    loader: DataLoader[Key, Value | None] | None = ctx.loaders.get(name)
    if loader is None:

        async def fetch_batch(keys: list[Key]) -> list[Value | None]:
            found = await fetch(ctx, keys, *args, **kwargs)
            return [found.get(key) for key in keys]

        loader = ctx.loaders[name] = DataLoader(load_fn=fetch_batch, max_batch_size=MAX_BATCH)
    return await loader.load(key)


async def load_all(
    ctx: Context, fetch: Fetch[Key, Arguments, Value], key: Key, *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Value:
    """As `load`, for a `fetch` that has a value for every key.

    Raises NotFound where it has none after all: what another read of the operation met was deleted meanwhile.
    """
    value = await load(ctx, fetch, key, *args, **kwargs)
    if value is None:
        raise NotFound("This has been deleted meanwhile; ask again.")
    return value
