"""The chargers that this process runs, each a task."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator
from datetime import datetime

from fleet import life
from fleet.build import build
from fleet.station import Station
from fleet.uplink import Uplink
from fleet.writer import Writer
from storage.models import Charger, RuntimeStatus

log = logging.getLogger("chargeyard.fleet")

CRASH_PAUSE_S = 60.0


class Runtime:
    """One charger. `changed_at` is its row's `updated_at` when it was read."""

    __slots__ = ("changed_at", "station", "task")

    def __init__(self, station: Station, changed_at: datetime, task: asyncio.Task[None]) -> None:
        self.station = station
        self.changed_at = changed_at
        self.task = task


class Runtimes:
    """Starts and stops chargers. What one did before it was stopped is on disk when `settled` returns."""

    def __init__(self, uplink: Uplink, writer: Writer, *, speed: float) -> None:
        self._speed = speed
        self._uplink = uplink
        self._writer = writer
        self._running: dict[str, Runtime] = {}
        self._halted: set[str] = set()

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._running))

    def station(self, id: str) -> Station | None:
        """A running charger."""
        runtime = self._running.get(id)
        return runtime.station if runtime else None

    def versions(self) -> dict[str, datetime]:
        """The running chargers, with the state of their rows that they were started from."""
        return {id: runtime.changed_at for id, runtime in self._running.items()}

    def idle(self, count: int) -> list[str]:
        """So many chargers at most that have no transaction."""
        free = [id for id, runtime in self._running.items() if not _is_busy(runtime.station)]
        return free[:count]

    async def run(self, charger: Charger) -> None:
        """Starts a charger; one that runs otherwise than its row says is started anew, with all it remembers."""
        station = build(charger, self._writer, speed=self._speed)
        running = self._running.get(charger.id)
        if running is not None:
            running.changed_at = charger.updated_at
            if running.station.plate == station.plate and running.station.version == station.version:
                return
            await self.halt([charger.id], RuntimeStatus.STARTING)
            station.inherit(running.station)
        task = asyncio.create_task(self._supervise(station))
        self._running[charger.id] = Runtime(station, charger.updated_at, task)

    async def halt(self, ids: Collection[str], status: RuntimeStatus) -> None:
        """Cuts the power of these chargers; `status` is what their rows say then."""
        halted = [runtime for id in ids if (runtime := self._running.pop(id, None))]
        for runtime in halted:
            runtime.station.runtime_status = status
            runtime.task.cancel()
            self._halted.add(runtime.station.plate.id)
        if halted:
            await asyncio.wait([runtime.task for runtime in halted])

    async def settled(self, ids: Collection[str]) -> None:
        """Waits until the last that stopped chargers among these did is on disk, so that it can be read again."""
        halted = self._halted.intersection(ids)
        if halted:
            await self._writer.saved(halted)
            self._halted -= halted

    async def _supervise(self, station: Station) -> None:
        while True:
            try:
                await life.run(station, self._uplink)
            except Exception:
                log.exception("%s crashed; it is restarted in %s s", station.plate.identity, CRASH_PAUSE_S)
                station.runtime_status = RuntimeStatus.FAILED
                station.changed()
            await asyncio.sleep(CRASH_PAUSE_S)


def _is_busy(station: Station) -> bool:
    return any(connector.transaction for connector in station.connectors)
