"""How much there is, across all tenants: for operators only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Charger, Cpo, FleetNode, Job


@dataclass(frozen=True)
class JobCount:
    """The jobs of a type in one state, and what became of their items so far."""

    type: str
    status: str
    jobs: int
    items: int
    succeeded: int
    failed: int


@dataclass(frozen=True)
class ChargerCount:
    """The chargers of a provider whose runtimes are in one state."""

    provider: str
    runtime_status: str
    chargers: int
    connected: int


@dataclass(frozen=True)
class Counts:
    jobs: list[JobCount]
    chargers: list[ChargerCount]
    networks: int
    fleet_processes: int


async def count_everything(session: AsyncSession) -> Counts:
    """Four statements over the jobs, chargers and networks that stand; deleted ones are not counted."""
    totals = (func.sum(Job.total), func.sum(Job.succeeded), func.sum(Job.failed))
    jobs = await session.execute(
        select(Job.type, Job.status, func.count(), *totals)
        .group_by(Job.type, Job.status)
        .order_by(Job.type, Job.status)
    )
    state = (Charger.provider, Charger.runtime_status)
    connected = func.count().filter(Charger.connected)
    chargers = await session.execute(select(*state, func.count(), connected).group_by(*state).order_by(*state))
    return Counts(
        [JobCount(*row) for row in jobs],
        [ChargerCount(*row) for row in chargers],
        await session.scalar(select(func.count()).select_from(Cpo)) or 0,
        await session.scalar(select(func.count()).select_from(FleetNode)) or 0,
    )
