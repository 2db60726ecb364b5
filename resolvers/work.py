"""Durable work: accepting it, watching it, cancelling it, and trying again what failed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import orjson
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from errors import Conflict, InvalidInput, NotFound, RateLimited
from resolvers.context import Context, Services
from storage import jobs, networks, work
from storage.locations import place_at
from storage.models import Job, JobType, new_id
from storage.work import NewItem, Progress

OF_A_NETWORK = {JobType.CREATE_CPO, JobType.BULK_CREATE_OCPI_LOCATIONS}
RETRY_AFTER_S = 15  # about how long a worker takes for some thousands of items


async def accept(
    ctx: Context,
    session: AsyncSession,
    items: Sequence[NewItem],
    *,
    type: JobType,
    network_id: int | None = None,
    location_id: str | None = None,
    key: str | None = None,
    digest: str | None = None,
) -> Job:
    """Writes a job with its items and queues it, all in the session's transaction. Call `replayed` before.

    From here on, other requests of the tenant wait for this transaction. Raises RateLimited over a limit of the tenant.
    """
    await session.run_sync(work.lock_tenant)
    await _check_limits(ctx, session, len(items))
    id = new_id()
    job = Job(
        id=id,
        organization_id=ctx.tenant,
        workflow_run_id=f"wfr_{id.replace('-', '')}",
        type=type,
        network_id=network_id,
        location_id=location_id,
        total=len(items),
        idempotency_key=key,
        input_digest=digest,
    )
    await session.run_sync(work.add_job, job, items)
    await ctx.services.jobs.enqueue(session, job)
    return job


async def replayed(session: AsyncSession, key: str | None, digest: str) -> Job | None:
    """The job that an earlier request with this idempotency key started; None for a first request.

    From here on, other requests of the tenant wait for this transaction. Raises Conflict for another input.
    """
    await session.run_sync(work.lock_tenant)
    if key is None:
        return None
    job = await session.run_sync(work.job_by_key, key)
    if job is not None and job.input_digest != digest:
        raise Conflict("This idempotency key was used with another input; use a new key for a new request.")
    return job


def digest_of(operation: str, input: BaseModel) -> str:
    """What makes two requests the same: the operation and its input, without the key.

    What is as by default counts as left out, so that a field which a later release adds changes nothing.
    """
    values = input.model_dump(mode="json", exclude={"idempotency_key"}, exclude_defaults=True)
    return sha256(orjson.dumps([operation, values], option=orjson.OPT_SORT_KEYS)).hexdigest()


async def progress(ctx: Context, job_id: str, after: int | None = None) -> AsyncIterator[Progress]:
    """The job's state now, then each change as it happens, ending with the terminal one.

    With `after`, the changes behind that sequence number instead. Raises NotFound.
    """
    job = await _get(ctx, job_id)
    if after is None:
        yield Progress(job.sequence, job, job.updated_at)
    if work.is_over(job) and (after is None or after >= job.sequence):
        return
    behind = job.sequence if after is None else max(0, after)
    async for event in ctx.services.jobs.events(job.id, ctx.tenant, min(behind, job.sequence)):
        yield event


async def cancel_job(ctx: Context, id: str) -> Job:
    """Stops a job before its next item; what it made stays, the rest fails with `cancelled`.

    A job that is over is answered as it is. Raises NotFound.
    """
    job = await _get(ctx, id)
    if work.is_over(job):
        return job
    return await end_job(ctx.services, ctx.tenant, id) or job


async def end_job(services: Services, tenant: str, job_id: str) -> Job | None:
    """Cancels an open job, in the two transactions that it takes; None when it is gone."""
    async with services.database.write(tenant) as session:
        await session.run_sync(work.request_cancel, job_id)
    async with services.database.write(tenant) as session:
        job = await session.run_sync(work.finish_cancelled, job_id)
    if job is not None:
        services.jobs.wake(job)
    return job


async def retry_job(ctx: Context, id: str) -> Job:
    """Starts a new job with only the failed items of a job that is over.

    A terminal state never changes, so the old job stays as it is. Raises NotFound and Conflict.
    """
    async with ctx.write() as session:
        await session.run_sync(work.lock_tenant)
        job = await jobs.get(session, id)
        if job is None:
            raise _missing(id)
        items = await session.run_sync(work.items_to_retry, job.id)
        if not work.is_over(job) or not items:
            raise Conflict("Only a job that is over and has failed items can be tried again.")
        await _check_place(session, job)
        if not await session.run_sync(work.reopen, job):
            raise Conflict("What this job failed to make is made or tried by another one, or is gone.")
        return await accept(
            ctx, session, items, type=JobType(job.type), network_id=job.network_id, location_id=job.location_id
        )


async def _check_place(session: AsyncSession, job: Job) -> None:
    """Raises Conflict where what the job works on is gone; a job outlives it, without its id."""
    if job.type in OF_A_NETWORK and await networks.standing(session, job.network_id or 0) is None:
        raise Conflict("The network of this job is gone; nothing can be made in it.")
    is_at_location = job.type == JobType.BULK_CREATE_CHARGERS or job.location_id is not None
    if is_at_location and await place_at(session, job.location_id or "") is None:
        raise Conflict("The location of this job is gone; nothing can be made at it.")


async def _get(ctx: Context, id: str) -> Job:
    async with ctx.read() as session:
        job = await jobs.get(session, id)
    if job is None:
        raise _missing(id)
    return job


def _missing(id: str) -> NotFound:
    return NotFound(f"There is no job {id}.")


async def _check_limits(ctx: Context, session: AsyncSession, more: int) -> None:
    settings = ctx.services.settings
    jobs, items = await session.run_sync(work.open_work)
    if jobs >= settings.max_open_jobs:
        raise RateLimited(f"{jobs} jobs are open, the limit; wait for one to end.", retry_after_s=RETRY_AFTER_S)
    if items and items + more > settings.max_open_items:
        message = f"{items} items are waiting; {more} more would exceed the limit of {settings.max_open_items}."
        raise RateLimited(message, retry_after_s=RETRY_AFTER_S)
    if more > settings.max_open_items:
        raise InvalidInput(f"One request may hold at most {settings.max_open_items} items.")
