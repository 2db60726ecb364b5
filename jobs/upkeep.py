"""What runs beside the jobs: networks end in time, jobs that stand still go on, old history goes.

All of it is read from rows and idempotent, so that every node does it and none needs to have been up in time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import ParamSpec

from jobs.durable import Durable
from resolvers.context import Services
from resolvers.networks import tear_down
from resolvers.work import end_job
from storage import upkeep
from storage.models import Job, utc_now
from storage.session import ALL_TENANTS

log = logging.getLogger("chargeyard.jobs")

EXPIRY_EVERY_S = 2.0
RECONCILE_EVERY_S = 30.0
PURGE_EVERY_S = 3600.0
STILL = timedelta(seconds=60)  # an item takes milliseconds; an open job that rests so long may have lost its workflow
ENGINE_HISTORY = timedelta(days=1)  # of the durable engine's own records, which nothing reads once a job is over
JOBS_AT_ONCE = 20

Arguments = ParamSpec("Arguments")
Requeue = Callable[[Job], Awaitable[None]]


class Upkeep:
    """The upkeep of one process. `is_running` tells whether this process works on a job at the moment."""

    def __init__(
        self, services: Services, durable: Durable, *, requeue: Requeue, is_running: Callable[[str], bool]
    ) -> None:
        self._services = services
        self._database = services.database
        self._durable = durable
        self._requeue = requeue
        self._is_running = is_running

    async def run(self) -> None:
        """Does each task when it is due, until cancelled."""
        tasks = [
            (EXPIRY_EVERY_S, self.expire_networks),
            (RECONCILE_EVERY_S, self.reconcile_jobs),
            (PURGE_EVERY_S, self.purge),
        ]
        due = dict.fromkeys((task for _, task in tasks), 0.0)
        while True:
            for every_s, task in tasks:
                if time.monotonic() >= due[task]:
                    await self._guarded(task)
                    due[task] = time.monotonic() + every_s
            await asyncio.sleep(EXPIRY_EVERY_S)

    async def expire_networks(self) -> None:
        """Tears down the networks whose time is over, each by itself."""
        async with self._database.read(ALL_TENANTS) as session:
            expired = await upkeep.expired_networks(session, utc_now())
        for tenant, network_id in expired:
            log.info("network %d expired, tenant %s", network_id, tenant)
            await self._guarded(tear_down, self._services, tenant, network_id)

    async def reconcile_jobs(self) -> None:
        """Takes up jobs that stand still although nothing is queued or running for them, each by itself."""
        before, last = utc_now() - STILL, ""
        while still := await self._still_jobs(before, last):
            standing = await asyncio.to_thread(self._durable.standing, [job.id for job in still])
            for job in still:
                await self._guarded(self._reconcile, job, standing[job.id])
            last = still[-1].id

    async def _still_jobs(self, before: datetime, last: str) -> list[Job]:
        async with self._database.read(ALL_TENANTS) as session:
            return await upkeep.still_jobs(session, before, after=last, limit=JOBS_AT_ONCE)

    async def purge(self) -> None:
        """Deletes jobs and records that are older than they are kept."""
        before = utc_now() - timedelta(days=self._services.settings.job_retention_days)
        removed = JOBS_AT_ONCE
        while removed == JOBS_AT_ONCE:
            async with self._database.write(ALL_TENANTS) as session:
                removed = await upkeep.remove_jobs(session, before, JOBS_AT_ONCE)
        await asyncio.to_thread(self._durable.purge, utc_now() - ENGINE_HISTORY)

    async def _reconcile(self, job: Job, at_nodes: Sequence[str | None]) -> None:
        """Ends a cancelled job, or queues one anew that no workflow will go on with.

        `at_nodes` has the node of each of its workflows, None for one that is queued.
        """
        if job.cancelled_at is not None:
            await end_job(self._services, job.organization_id, job.id)
        elif all(node == self._database.node_id for node in at_nodes) and not self._is_running(job.id):
            await self._requeue(job)
            log.warning("job %s stood still and was taken up again, tenant %s", job.id, job.organization_id)

    async def _guarded(
        self, task: Callable[Arguments, Awaitable[None]], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> None:
        """The engine's edge: what fails is logged, holds up nothing else, and is done again when it is next due."""
        try:
            await task(*args, **kwargs)
        except Exception:
            log.exception("upkeep failed: %s", task.__name__)
