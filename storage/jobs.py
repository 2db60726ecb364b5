"""Jobs and their items in the database, as clients read them."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from storage.lists import every, find
from storage.models import Job, JobItem, JobItemStatus
from storage.paging import Sort

NEWEST_FIRST = (Sort(Job.created_at, descending=True), Sort(Job.id, descending=True))
BY_INDEX = (Sort(JobItem.index),)


def jobs() -> Select[Job]:
    """All jobs of the session's tenant."""
    return select(Job)


def items(status: JobItemStatus | None = None) -> Select[JobItem]:
    """All items of the session's tenant, in this status if one is given, without their payloads."""
    rows = select(JobItem).options(defer(JobItem.payload, raiseload=True))
    return rows if status is None else rows.where(JobItem.status == status)


async def get(session: AsyncSession, id: str) -> Job | None:
    return await find(session, jobs(), Job.id, id)


async def settled_items(session: AsyncSession, job_id: str) -> list[JobItem]:
    """The items of a job that are done or given up, in order."""
    settled = (JobItemStatus.SUCCEEDED, JobItemStatus.FAILED)
    rows = items().where(JobItem.job_id == job_id, JobItem.status.in_(settled)).order_by(JobItem.index)
    return await every(session, rows)
