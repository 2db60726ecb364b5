"""What charge points write down, in batches: one writer per process, so that no socket waits for the database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from fleet.connector import Connector
from fleet.records import Pending, batch_of, event_row, message_row
from fleet.station import Station
from storage import fleet as rows
from storage.database import Database
from storage.models import utc_now
from storage.session import ALL_TENANTS

log = logging.getLogger("chargeyard.fleet")

FLUSH_S = 0.2  # how long changes gather before they are written
SEEN_S = 15.0  # how often `last_seen_at` is written of a charger that only beats
RETRY_S = 2.0
CLOCK_MAY_DIFFER = timedelta(seconds=0.5)  # what takes less is the way to the database, not its clock
MAX_ROWS = 50_000  # frames that wait for a database that does not answer; then the oldest go


class Writer:
    """Implements `fleet.station.Recorder`."""

    def __init__(self, database: Database, node_id: str) -> None:
        self._database = database
        self._node_id = node_id
        self._pending = Pending()
        self._seen: dict[Station, None] = {}
        self._seen_written_at = 0.0
        self._waiting: list[tuple[frozenset[str], asyncio.Future[None]]] = []
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._is_away = False  # the database, at the last attempt
        self._behind = timedelta()
        self._watchers: set[asyncio.Future[None]] = set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Writes what is left and ends."""
        self._stopping = True
        self._seen_written_at = 0.0
        self._work.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    def frame(self, station: Station, direction: str, action: str, text: str) -> None:
        self._pending.messages.append(message_row(station, direction, action, text, self._now()))
        self._seen[station] = None
        self._work.set()

    def changed(self, station: Station) -> None:
        self._pending.changed[station] = None
        self._work.set()

    def status(self, station: Station, connector: Connector) -> None:
        self._pending.events.append(event_row(station, connector, self._now()))
        self._work.set()

    def follow_clock(self, now: datetime) -> None:
        """Dates frames and events by the database's clock, which the processes of several machines share."""
        behind = now - utc_now()
        if abs(behind - self._behind) > CLOCK_MAY_DIFFER:
            self._behind = behind

    async def saved(self, ids: Collection[str]) -> None:
        """Waits until all that was written down of these chargers before is on disk."""
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((frozenset(ids), saved))
        self._work.set()
        await saved

    async def written(self, timeout_s: float) -> None:
        """Waits for the next batch that is on disk, or so long."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watchers.add(written)
        try:
            async with asyncio.timeout(timeout_s):
                await written
        except TimeoutError:
            return
        finally:
            self._watchers.discard(written)

    def _now(self) -> datetime:
        return utc_now() + self._behind

    async def _run(self) -> None:
        while not self._stopping:
            await self._work.wait()
            await asyncio.sleep(FLUSH_S)
            self._work.clear()
            await self._flush()
            if self._is_away and not self._stopping:
                await asyncio.sleep(RETRY_S)
        await self._flush()

    async def _flush(self) -> None:
        """Writes all that is pending; what the database did not take stays pending."""
        pending, self._pending = self._pending, Pending()
        waiting, self._waiting = self._waiting, []
        pending.seen = self._due_seen()
        self._is_away = False
        left = await self._write(pending)
        if left:
            self._work.set()
        self._pending = left.then(self._pending, MAX_ROWS)
        unsaved = set(left.ids())
        self._waiting += [waiter for waiter in waiting if not unsaved.isdisjoint(waiter[0])]
        saved = [future for ids, future in waiting if unsaved.isdisjoint(ids)]
        for future in saved if self._is_away else (*saved, *self._watchers):
            if not future.done():
                future.set_result(None)

    async def _write(self, pending: Pending) -> Pending:
        """Writes what can be written now; gives what can be written later."""
        try:
            return await self._write_at_once(pending) if pending else pending
        except Exception as exc:  # noqa: BLE001 - the writer's edge: one charger's fault must not stop all the others
            pending.forget_what_was_written()
            if rows.may_pass(exc):
                self._is_away = True
                log.warning("the fleet's state could not be written, trying again: %s", exc)
                return pending
            return await self._write_apart(pending, exc)

    async def _write_apart(self, pending: Pending, refusal: Exception) -> Pending:
        """Writes by halves what was refused, until one charger is left; drops its frames and events, then its state."""
        ids = pending.ids()
        if len(ids) > 1:
            half = set(ids[: len(ids) // 2])
            left = await self._write(pending.of(half))
            return left.then(await self._write(pending.of(set(ids) - half)), MAX_ROWS)
        log.error("charger %s: what cannot be written is dropped", ids[0], exc_info=refusal)
        return await self._write(pending.states() if pending.messages or pending.events else Pending())

    async def _write_at_once(self, pending: Pending) -> Pending:
        """Writes all in one transaction; gives what another one holds, which may be deleting it."""
        ids = set(pending.ids())
        async with self._database.write(ALL_TENANTS) as session:
            held = await rows.lock(session, self._node_id, ids)
            await rows.write(session, batch_of(pending.of(held)))
            left = await rows.existing(session, self._node_id, ids - held) if len(held) < len(ids) else set()
        return pending.of(left)

    def _due_seen(self) -> dict[Station, None]:
        if time.monotonic() - self._seen_written_at < SEEN_S:
            return {}
        self._seen_written_at = time.monotonic()
        seen, self._seen = self._seen, {}
        return seen
