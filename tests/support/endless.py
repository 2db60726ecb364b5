"""A write of the least there is, and what stands in for work that is never done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

CREATE_LOCATION = """
  mutation {
    createLocation(input: {
      name: "n", address: "a", city: "c", country: "FR", coordinates: {latitude: 0, longitude: 0}
    }) { location { id } }
  }
"""


class Endless:
    """Tells when it was begun and when it was given up."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def work(self, *_args: object, **_keywords: object) -> None:
        """An operation without an end."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def events(self, *_args: object, **_keywords: object) -> AsyncIterator[Any]:
        """A subscription to which nothing happens."""
        await self.work()
        yield


async def begun() -> AsyncIterator[bytes]:
    """A request body of which no more than the first byte ever comes."""
    yield b"{"
    await asyncio.Event().wait()
