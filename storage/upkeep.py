"""What upkeep looks for, across all tenants: networks whose time is over, jobs that stand still, old history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Cpo, Job, ProvisioningStatus
from storage.work import OPEN_JOB

OVER = (ProvisioningStatus.READY, ProvisioningStatus.FAILED)


async def expired_networks(session: AsyncSession, now: datetime) -> list[tuple[str, int]]:
    """Organization and id of networks that should be gone, the longest overdue first."""
    due = select(Cpo.organization_id, Cpo.id).where(Cpo.expires_at <= now).order_by(Cpo.expires_at)
    return [(tenant, id) for tenant, id in (await session.execute(due))]


async def still_jobs(session: AsyncSession, before: datetime, *, after: str, limit: int) -> list[Job]:
    """Open jobs that have not changed since then, by their ids; those behind the id `after`, at most `limit`."""
    still = select(Job).where(Job.status.in_(OPEN_JOB), Job.updated_at < before, Job.id > after)
    return list(await session.scalars(still.order_by(Job.id).limit(limit)))


async def remove_jobs(session: AsyncSession, before: datetime, limit: int) -> int:
    """Deletes at most `limit` jobs that were over by then, with their items and events; gives how many."""
    old = select(Job.id).where(Job.status.in_(OVER), Job.updated_at < before).limit(limit)
    ids = list(await session.scalars(old))
    await session.execute(delete(Job).where(Job.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
