"""Putting a charger at a site where others put theirs at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from errors import FieldError, InvalidInput
from resolvers.context import Context
from storage.database import is_conflict, violated_table

ATTEMPTS = 3  # the second finds the route that the first met; a third means that it went again

Result = TypeVar("Result")


async def placing(ctx: Context, put: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """What `put` gives, in a transaction of its own.

    Two that find a site without chargers both give it its default route; the later one is done again. Raises
    IntegrityError for any other row that is refused.
    """
    attempt = 1
    while True:
        try:
            async with ctx.write() as session:
                return await put(session)
        except IntegrityError as exc:
            if attempt == ATTEMPTS or not is_conflict(exc) or violated_table(exc) != "topologies":
                raise
        attempt += 1


def refused(field: str, message: str, code: str) -> InvalidInput:
    """What is wrong with the charger that is put there."""
    return InvalidInput(message, [FieldError((field,), message, code)])
