"""The progress of jobs as their watchers see it: one reader a job and process, whatever the number of watchers.

A worker wakes the reader of its process at once, and those of other processes by a throttled NOTIFY; slow polling
underneath makes up for every lost wake-up. A watcher holds no queue: it reads from the job's recent events at its own
pace, and one that falls too far behind goes on with the newest state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator

from sqlalchemy import text

from errors import ChargeyardError
from storage import work
from storage.bulk import Batch
from storage.database import Database
from storage.work import Progress

log = logging.getLogger("chargeyard.jobs")

RECENT = 100  # events that a watcher may lag behind before it is given the newest only
POLL_S = 1.0
LEAST_PAUSE_S = 0.02  # between two reads of one job, so that a fast job costs its readers little
NOTIFY_EVERY_S = 0.1
CHANNEL = "chargeyard_jobs"


class Feed:
    """The watched jobs of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watched: dict[str, _WatchedJob] = {}
        self._notified_at: dict[str, float] = {}

    def start(self) -> None:
        """Binds the feed to the running loop."""
        self._loop = asyncio.get_running_loop()

    def announce(self, batch: Batch, job_id: str, *, urgent: bool) -> None:
        """Tells other processes, when the transaction commits, that the job has new events; not for each single one."""
        if self._database.is_sqlite:
            return
        now = time.monotonic()
        if not urgent and now - self._notified_at.get(job_id, 0) < NOTIFY_EVERY_S:
            return
        told = list(self._notified_at.items())  # at once, because workers announce from many threads
        self._notified_at = {id: at for id, at in told if now - at < NOTIFY_EVERY_S} | {job_id: now}
        batch.session.connection().execute(
            text("SELECT pg_notify(:channel, :job)"), {"channel": CHANNEL, "job": job_id}
        )

    def wake(self, job_id: str) -> None:
        """Tells this process's watchers that the job has new events. From any thread."""
        if job_id in self._watched and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody watches
                self._loop.call_soon_threadsafe(self.wake_here, job_id)

    def wake_here(self, job_id: str) -> None:
        """As `wake`, on the loop."""
        if watched := self._watched.get(job_id):
            watched.wake()

    async def events(self, job_id: str, tenant: str, after: int) -> AsyncIterator[Progress]:
        """The job's events behind `after` as they happen, ending with the terminal one."""
        watched = self._watched.get(job_id)
        if watched is None:
            watched = self._watched[job_id] = _WatchedJob(self._database, job_id, tenant)
        watched.watchers += 1
        try:
            async for progress in watched.behind(after):
                yield progress
        finally:
            watched.watchers -= 1
            if not watched.watchers and self._watched.get(job_id) is watched:
                del self._watched[job_id]
                watched.close()


class _WatchedJob:
    """The recent events of one job, and the task that reads them."""

    def __init__(self, database: Database, job_id: str, tenant: str) -> None:
        self.watchers = 0
        self._database = database
        self._job_id = job_id
        self._tenant = tenant
        self._recent: deque[Progress] = deque(maxlen=RECENT)
        self._news = asyncio.Event()
        self._woken = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()

    async def behind(self, sequence: int) -> AsyncIterator[Progress]:
        """Events behind this number: older ones from the database, then those that the reader brings."""
        while not self._recent or self._recent[0].sequence > sequence + 1:
            page = await self._read(sequence)
            for progress in page:
                yield progress
                sequence = progress.sequence
                if work.is_over(progress.job):
                    return
            if self._reader is None:
                self._reader = asyncio.create_task(self._follow(sequence), name=f"job {self._job_id}")
                self._reader.add_done_callback(lambda _reader: self._news.set())
            if not page:
                break
        while True:
            news = self._news
            for progress in self._since(sequence):
                yield progress
                sequence = progress.sequence
                if work.is_over(progress.job):
                    return
            if news is self._news:
                await news.wait()
                if self._reader is not None and self._reader.done():
                    self._reader.result()  # raises what it failed of

    def _since(self, sequence: int) -> list[Progress]:
        """The recent events behind this number; only the newest for a watcher that lost the thread."""
        if not self._recent or self._recent[-1].sequence <= sequence:
            return []
        if self._recent[0].sequence > sequence + 1:
            return [self._recent[-1]]
        return [progress for progress in self._recent if progress.sequence > sequence]

    async def _follow(self, sequence: int) -> None:
        while True:
            self._woken.clear()
            page = await self._read(sequence)
            if page:
                sequence = page[-1].sequence
                self._recent.extend(page)
                self._news.set()
                self._news = asyncio.Event()
                if work.is_over(page[-1].job):
                    return
                await asyncio.sleep(LEAST_PAUSE_S)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._woken.wait()

    async def _read(self, sequence: int) -> list[Progress]:
        """The next events, once the database answers."""
        while True:
            try:
                async with self._database.read(self._tenant) as session:
                    return await session.run_sync(work.events_behind, self._job_id, sequence)
            except ChargeyardError as exc:
                log.warning("could not read the progress of job %s: %s", self._job_id, exc)
                await asyncio.sleep(POLL_S)
