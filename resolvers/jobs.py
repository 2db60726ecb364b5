"""Jobs: what can be read of them, their items and their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from errors import NotFound
from resolvers.chargers import chargers_by_id
from resolvers.context import Context
from resolvers.filters import JobFilter, filtered_jobs, network_number
from resolvers.ocpi_locations import ocpi_locations_by_id
from storage import jobs as store
from storage import lists
from storage.models import Charger, Job, JobItem, JobItemStatus, OcpiLocation
from storage.paging import Page, Window


@dataclass(frozen=True)
class JobResults:
    """What a job made, in the order of its items, and the items that it gave up."""

    created: list[OcpiLocation | Charger]
    failed: list[JobItem]


async def find_job(ctx: Context, id: str) -> Job | None:
    async with ctx.read() as session:
        return await store.get(session, id)


async def get_job(ctx: Context, id: str, *, network_id: str | None = None, location_id: str | None = None) -> Job:
    """The job; where a network or location is given, only if it works on that one."""
    row = await find_job(ctx, id)
    is_elsewhere = row is not None and (
        (network_id is not None and row.network_id != (network_number(network_id) or 0))  # no network has number 0
        or (location_id is not None and row.location_id != location_id)
    )
    if row is None or is_elsewhere:
        raise NotFound(f"There is no job {id!r}.")
    return row


async def page_jobs(ctx: Context, where: JobFilter | None, window: Window) -> Page[Job]:
    async with ctx.read() as session:
        return await lists.page(session, filtered_jobs(store.jobs(), where), store.NEWEST_FIRST, window)


async def count_jobs(ctx: Context, where: JobFilter | None) -> int:
    async with ctx.read() as session:
        return await lists.count(session, filtered_jobs(store.jobs(), where))


async def item_pages(
    ctx: Context, job_ids: Sequence[str], status: JobItemStatus | None, window: Window
) -> Mapping[str, Page[JobItem]]:
    """The same page of each job's items."""
    async with ctx.read() as session:
        return await lists.pages_by(session, store.items(status), JobItem.job_id, job_ids, store.BY_INDEX, window)


async def item_counts(ctx: Context, job_ids: Sequence[str], status: JobItemStatus | None) -> Mapping[str, int]:
    """How many items each job has."""
    async with ctx.read() as session:
        return await lists.counts_by(session, store.items(status), JobItem.job_id, job_ids)


async def results_of(ctx: Context, job: Job) -> JobResults:
    """What the job made so far; what was deleted since is left out."""
    async with ctx.read() as session:
        items = await store.settled_items(session, job.id)
    failed = [item for item in items if item.status == JobItemStatus.FAILED]
    made = [item for item in items if item.status == JobItemStatus.SUCCEEDED]
    sites = await ocpi_locations_by_id(ctx, [item.ocpi_location_id for item in made if item.ocpi_location_id])
    chargers = await chargers_by_id(ctx, [item.charger_id for item in made if item.charger_id])
    rows = [sites.get(item.ocpi_location_id or "") or chargers.get(item.charger_id or "") for item in made]
    return JobResults([row for row in rows if row is not None], failed)
