"""Whose turn it is to write to SQLite: one writer at a time, first come, first served, across tasks and threads.

Left to SQLite's own polling, a busy job starves everyone else; a queue gives each writer its turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import asynccontextmanager
from threading import Lock

from errors import Unavailable

WAIT_S = 30.0


class WriteTurn:
    """A lock with a queue. A thread takes and gives it, a task holds it with `held_async()`, never twice at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = False
        self._queue: deque[Future[None]] = deque()

    @asynccontextmanager
    async def held_async(self) -> AsyncIterator[None]:
        """Waits without blocking the loop. Raises Unavailable after 30 s."""
        place = self._line_up()
        try:
            async with asyncio.timeout(WAIT_S):  # wait_for may lose a cancellation that comes with the turn
                await asyncio.wrap_future(place)
        except TimeoutError as exc:
            self._leave(place)
            raise Unavailable("The database is busy; try again.") from exc
        except asyncio.CancelledError:
            self._leave(place)
            raise
        try:
            yield
        finally:
            self.give()

    def take(self) -> None:
        """Blocks the thread until its turn; `give` must follow. Raises Unavailable after 30 s."""
        place = self._line_up()
        try:
            place.result(WAIT_S)
        except FutureTimeoutError as exc:
            self._leave(place)
            raise Unavailable("The database is busy; try again.") from exc

    def give(self) -> None:
        """Ends the turn and starts that of the next in the queue."""
        with self._lock:
            while self._queue:
                place = self._queue.popleft()
                if place.set_running_or_notify_cancel():
                    place.set_result(None)
                    return
            self._taken = False

    def _line_up(self) -> Future[None]:
        place: Future[None] = Future()
        with self._lock:
            if self._taken:
                self._queue.append(place)
            else:
                self._taken = True
                place.set_result(None)
        return place

    def _leave(self, place: Future[None]) -> None:
        if not place.cancel():  # the turn came while we were leaving: pass it on
            self.give()
