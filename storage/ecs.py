"""The rows of chargers that run at another provider; sessions for all tenants only."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.fleet import chargers


async def adopt(session: AsyncSession, provider: str, ids: Collection[str]) -> None:
    """Hands chargers that no process runs over to a provider."""
    await session.execute(
        update(chargers)
        .where(chargers.c.id.in_(ids), chargers.c.node_id.is_(None))
        .values(provider=provider, updated_at=chargers.c.updated_at)
    )


async def wanted(session: AsyncSession, provider: str, ids: Collection[str]) -> dict[str, bool]:
    """Those of the chargers that exist, and whether each should run."""
    found = await session.execute(
        select(chargers.c.id, chargers.c.desired_running).where(chargers.c.id.in_(ids), chargers.c.provider == provider)
    )
    return {row.id: row.desired_running for row in found}


async def running(session: AsyncSession, provider: str) -> int:
    """How many chargers should run at the provider."""
    counted = select(func.count()).where(chargers.c.provider == provider, chargers.c.desired_running)
    return (await session.execute(counted)).scalar_one()


async def all_ids(session: AsyncSession, provider: str) -> list[str]:
    """Every charger of the provider."""
    return list((await session.execute(select(chargers.c.id).where(chargers.c.provider == provider))).scalars())
