"""Hands chargers from the workers' threads to the fleet on the loop, many at a time.

At least once: a hand-over that is lost is made up for by the fleet itself, which reads from the rows what should run.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence

from resolvers.context import Fleet

log = logging.getLogger("chargeyard.jobs")

GATHER_S = 0.05  # a job makes hundreds of locations a second; the fleet is told some twenty times


class Deployments:
    """The chargers that wait for the fleet. Made on the loop that the fleet lives on."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, charger_ids: Sequence[str]) -> None:
        """Has the fleet take these chargers over soon. From any thread."""
        with self._lock:
            is_first = not self._waiting
            self._waiting.extend(charger_ids)
        if is_first:
            self._loop.call_soon_threadsafe(self._start)

    async def finish(self) -> None:
        """Returns when all that was added is handed over."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self) -> None:
        task = asyncio.create_task(self._hand_over(), name="deployments")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_over(self) -> None:
        await asyncio.sleep(GATHER_S)
        with self._lock:
            charger_ids, self._waiting = self._waiting, []
        try:
            await self._fleet.apply(charger_ids)
        except Exception:
            log.exception("the fleet could not take over %d chargers; it will find them itself", len(charger_ids))
