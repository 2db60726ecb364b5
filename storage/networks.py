"""Networks in the database, as they are made and torn down."""

from __future__ import annotations

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import chargers, locations
from storage.models import Charger, Cpo, Job, OcpiLocation, utc_now
from storage.work import OPEN_JOB

ROWS_OF_A_CHARGER = 10  # about: itself, its station, and what each connector has


async def parties_of(session: AsyncSession, country_code: str) -> set[str]:
    """The party ids that the tenant's networks have in this country."""
    return set(await session.scalars(select(Cpo.party_id).where(Cpo.country_code == country_code)))


async def identities_in_use(session: AsyncSession, identities: list[str]) -> list[str]:
    found = await session.scalars(select(Charger.identity).where(Charger.identity.in_(identities)))
    return sorted(found)


async def standing(session: AsyncSession, id: int) -> Cpo | None:
    """The network unless its time is over; until the commit, nobody tears it down."""
    in_time = or_(Cpo.expires_at.is_(None), Cpo.expires_at > utc_now())
    found = await session.scalars(select(Cpo).where(Cpo.id == id, in_time).with_for_update(read=True))
    return found.one_or_none()


async def expire(session: AsyncSession, id: int) -> list[str]:
    """Marks a network as gone, so that it takes no more jobs; gives those that are not over.

    Should its tear-down be interrupted, the next sweep goes on with it.
    """
    network = (await session.scalars(select(Cpo).where(Cpo.id == id).with_for_update())).one_or_none()
    if network is not None:
        network.expires_at = min(utc_now(), network.expires_at or utc_now())
    return list(await session.scalars(select(Job.id).where(Job.network_id == id, Job.status.in_(OPEN_JOB))))


async def remove_some(session: AsyncSession, id: int, limit: int) -> tuple[bool, list[str]]:
    """Deletes at most so many chargers and sites of a network, and after the last of them the network.

    Gives whether that is gone, and the chargers that went. What they said goes before them, in steps of its own, of
    about as many rows. The network's jobs stay, without it. Its row is locked first: two that tear it down wait for
    each other there, never amid each other's rows, and nobody adds a site after the last one. Then its sites are
    locked, before their chargers, as by all who delete those.
    """
    await session.execute(select(Cpo.id).where(Cpo.id == id).with_for_update())
    some = select(OcpiLocation.location_id).where(OcpiLocation.network_id == id).limit(limit)
    sites = list(await session.scalars(some))
    await locations.lock(session, sites)
    there = select(Charger.id).where(Charger.location_id.in_(sites)).limit(limit)
    gone = list(await session.scalars(there))
    if not await chargers.forget(session, gone, limit * ROWS_OF_A_CHARGER):
        return False, []
    await chargers.remove(session, gone)
    if len(gone) == limit:
        return False, gone
    gone += await locations.remove(session, sites)
    if len(sites) == limit:
        return False, gone
    await session.execute(delete(Cpo).where(Cpo.id == id).execution_options(synchronize_session=False))
    return True, gone
