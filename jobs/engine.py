"""The durable engine behind `resolvers.context.Jobs`: accepts jobs, works them off, tells of their progress."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from jobs.deployments import Deployments
from jobs.durable import Durable
from jobs.feed import Feed
from jobs.nodes import watch_nodes
from jobs.upkeep import Upkeep
from jobs.worker import Worker
from resolvers.context import Fleet, Services
from settings import Settings
from storage.database import Database
from storage.equipment import Catalog, load_catalog
from storage.models import Job
from storage.session import ALL_TENANTS, TenantSession
from storage.work import Progress

log = logging.getLogger("chargeyard.jobs")

DRAIN_S = 10.0  # for the items that run when the process is told to stop
CHUNK_PRIORITY = 10  # a tenant's next job starts before the chunks of a long one that came earlier


class JobEngine:
    """One per process: the durable engine beneath is a singleton."""

    def __init__(self, settings: Settings, database: Database, fleet: Fleet) -> None:
        self._settings = settings
        self._database = database
        self._fleet = fleet
        self._durable = Durable(database)
        self._feed = Feed(database)
        self._worker: Worker | None = None
        self._deployments: Deployments | None = None
        self._upkeep: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Launches the engine; what an earlier process left is taken up again."""
        self._feed.start()
        self._deployments = Deployments(self._fleet)
        worker = Worker(
            self._database,
            await asyncio.to_thread(self._catalog),  # on SQLite it waits for whoever writes, a charger perhaps
            self._feed,
            chunk=self._durable.pace.chunk,
            enqueue_chunk=self._enqueue_chunk,
            deploy=self._deployments.add,
        )
        self._worker = worker
        await asyncio.to_thread(self._durable.launch, {"run_job": worker.run_job, "run_chunk": worker.run_chunk})
        services = Services(self._settings, self._database, self, self._fleet)
        upkeep = Upkeep(services, self._durable, requeue=self._requeue, is_running=worker.is_running)
        self._upkeep = asyncio.create_task(upkeep.run(), name="upkeep")
        if not self._database.is_sqlite:
            watch = watch_nodes(self._database, self._durable, self._feed)
            self._watch = asyncio.create_task(watch, name="nodes")

    def _catalog(self) -> Catalog:
        with self._database.work(ALL_TENANTS) as session:
            return load_catalog(session)

    async def stop(self) -> None:
        """Lets the items that run finish and stops; the rest goes on in another process or after the next start."""
        await _ended(self._upkeep)
        if self._worker is not None:
            drained = await asyncio.to_thread(self._worker.stop, DRAIN_S)
            if not drained:
                log.warning("some items still ran after %.0f s; they will be done again", DRAIN_S)
        await _ended(self._watch)  # not before: another node would take this one for dead and cut its items off
        if self._deployments is not None:
            await self._deployments.finish()
        await asyncio.to_thread(self._durable.destroy)

    async def enqueue(self, session: AsyncSession, job: Job) -> None:
        """Queues the job when, and only when, the session's transaction commits."""
        await session.run_sync(self._enqueue, job.id, job.organization_id, job.id)

    def wake(self, job: Job) -> None:
        """Tells the job's watchers in this process that it has changed."""
        self._feed.wake_here(job.id)

    def events(self, job_id: str, tenant: str, after: int) -> AsyncIterator[Progress]:
        """The job's events behind the sequence number `after`, as they happen, ending with the terminal one."""
        return self._feed.events(job_id, tenant, after)

    async def _requeue(self, job: Job) -> None:
        """Queues a job that has lost its workflow."""
        async with self._database.write(job.organization_id) as session:
            await session.run_sync(self._enqueue, job.id, job.organization_id, f"{job.id}:{uuid4().hex[:8]}")

    def _enqueue(self, session: object, job_id: str, tenant: str, workflow_id: str) -> None:
        assert isinstance(session, TenantSession)
        self._durable.enqueue(session, "run_job", workflow_id, job_id, tenant, workflow_id, tenant=tenant)

    def _enqueue_chunk(self, session: TenantSession, id: str, job_id: str, first: int, last: int) -> None:
        tenant = str(session.tenant)
        self._durable.enqueue(
            session, "run_chunk", id, job_id, tenant, first, last, tenant=tenant, priority=CHUNK_PRIORITY
        )


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait({task})
