"""The rows of chargers that run at another provider; sessions for all tenants only."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.batches import batches
from storage.fleet import chargers
from storage.models import ProvisioningStatus


async def adopt(session: AsyncSession, provider: str, ids: Collection[str]) -> None:
    """Hands chargers that no process runs over to a provider."""
    free = update(chargers).where(chargers.c.node_id.is_(None))
    adopted = free.values(provider=provider, updated_at=chargers.c.updated_at)
    for some in batches(ids):
        await session.execute(adopted.where(chargers.c.id.in_(some)))


async def wanted(session: AsyncSession, provider: str, ids: Collection[str]) -> dict[str, bool]:
    """Those of the chargers that exist, and whether each should run."""
    rows = select(chargers.c.id, chargers.c.desired_running).where(chargers.c.provider == provider)
    return {
        row.id: row.desired_running
        for some in batches(ids)
        for row in await session.execute(rows.where(chargers.c.id.in_(some)))
    }


async def running(session: AsyncSession, provider: str) -> int:
    """How many chargers should run at the provider."""
    counted = select(func.count()).where(chargers.c.provider == provider, chargers.c.desired_running)
    return (await session.execute(counted)).scalar_one()


async def all_wanted(session: AsyncSession, provider: str) -> dict[str, bool]:
    """Every charger of the provider, and those ready to run that nobody was handed; whether each should run."""
    lost = and_(chargers.c.node_id.is_(None), chargers.c.desired_running, chargers.c.status == ProvisioningStatus.READY)
    rows = select(chargers.c.id, chargers.c.desired_running).where(or_(chargers.c.provider == provider, lost))
    return {row.id: row.desired_running for row in await session.execute(rows)}
