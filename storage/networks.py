"""Networks in the database, as they are made and torn down."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import locations
from storage.models import Charger, Cpo, Job, OcpiLocation, utc_now
from storage.work import OPEN_JOB


async def parties_of(session: AsyncSession, country_code: str) -> set[str]:
    """The party ids that the tenant's networks have in this country."""
    return set(await session.scalars(select(Cpo.party_id).where(Cpo.country_code == country_code)))


async def identities_in_use(session: AsyncSession, identities: list[str]) -> list[str]:
    found = await session.scalars(select(Charger.identity).where(Charger.identity.in_(identities)))
    return sorted(found)


async def open_jobs(session: AsyncSession, network_id: int) -> list[str]:
    """The ids of the network's jobs that are not over."""
    found = select(Job.id).where(Job.network_id == network_id, Job.status.in_(OPEN_JOB))
    return list(await session.scalars(found))


async def expire(session: AsyncSession, network: Cpo) -> None:
    """Marks a network as gone: should its tear-down be interrupted, the next sweep goes on with it."""
    network.expires_at = min(utc_now(), network.expires_at or utc_now())


async def remove_some_locations(session: AsyncSession, network_id: int, limit: int) -> tuple[int, list[str]]:
    """Deletes at most `limit` of its sites with what stands there; gives how many and the chargers that went.

    Two that tear down the same network wait for each other at its row, and never amid each other's rows.
    """
    await session.execute(select(Cpo.id).where(Cpo.id == network_id).with_for_update())
    found = select(OcpiLocation.location_id).where(OcpiLocation.network_id == network_id).limit(limit)
    ids = list(await session.scalars(found))
    return len(ids), await locations.remove(session, ids)


async def remove(session: AsyncSession, network_id: int) -> None:
    """Deletes the network with its credentials; its jobs stay, without it."""
    await session.execute(delete(Cpo).where(Cpo.id == network_id).execution_options(synchronize_session=False))
