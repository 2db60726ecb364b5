"""Chargers, their EVSEs and their frames in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.batches import batches
from storage.lists import find
from storage.models import ChargePoint, Charger, ConnectorEvent, Evse, Location, OcppMessage, utc_now
from storage.moves import pass_default_on
from storage.paging import Sort
from storage.text import is_storable

NEWEST_FIRST = (Sort(Charger.created_at, descending=True), Sort(Charger.id, descending=True))
NEWEST_FRAMES_FIRST = (Sort(OcppMessage.timestamp, descending=True), Sort(OcppMessage.id, descending=True))


def chargers() -> Select[Charger]:
    """All chargers of the session's tenant."""
    return select(Charger)


def chargers_of_sites() -> Select[Charger]:
    """The same, those of a site in the order in which they were made, those made together by identity."""
    return chargers().order_by(Charger.created_at, Charger.identity)


def evses() -> Select[Evse]:
    """All EVSEs of the session's tenant, in the order of their connectors."""
    return select(Evse).order_by(Evse.connector_number)


def frames() -> Select[OcppMessage]:
    """All recorded frames of the session's tenant."""
    return select(OcppMessage)


async def get(session: AsyncSession, id: str, *, to_change: bool = False) -> Charger | None:
    return await find(session, chargers(), Charger.id, id, to_change=to_change)


async def get_evse(session: AsyncSession, id: str) -> Evse | None:
    return await find(session, select(Evse), Evse.id, id)


async def delete_chargers_at(session: AsyncSession, location_ids: Sequence[str]) -> list[str]:
    """Deletes the chargers of these sites; gives their ids."""
    found = await session.scalars(select(Charger.id).where(Charger.location_id.in_(location_ids)))
    ids = list(found)
    await remove(session, ids)
    return ids


async def chosen(session: AsyncSession, ids: Select[Any]) -> list[Charger]:
    """The chargers whose ids a statement gives, oldest first."""
    return list(await session.scalars(chargers().where(Charger.id.in_(ids)).order_by(Charger.created_at, Charger.id)))


async def ids_at(session: AsyncSession, location_id: str, ids: Sequence[str]) -> list[str]:
    """Those of the chargers that stand at this site."""
    asked = [id for id in ids if is_storable(id)]
    found = await session.scalars(select(Charger.id).where(Charger.location_id == location_id, Charger.id.in_(asked)))
    return list(found)


async def lock_sites(session: AsyncSession, id: str, to: str | None = None) -> None:
    """Until the commit, no other charger leaves the site of this one, nor the one it moves to; nobody deletes them.

    Locked before the charger itself: who leaves a site writes to one that stays there (`pass_default_on`), and who
    deletes a site locks it before its chargers.
    """
    if is_storable(id) and is_storable(to or ""):
        site = select(Charger.location_id).where(Charger.id == id).scalar_subquery()
        both = or_(Location.id == site, Location.id == to)
        await session.execute(select(Location.id).where(both).order_by(Location.id).with_for_update(key_share=True))


async def take_away(session: AsyncSession, ids: Sequence[str]) -> None:
    """Deletes chargers of sites that stay: these have changed, which is all that an OCPI peer sees of it."""
    left: set[str] = set()
    for some in batches(ids):
        sites = select(Charger.location_id).where(Charger.id.in_(some))
        touched = update(Location).where(Location.id.in_(sites)).values(updated_at=utc_now()).returning(Location.id)
        left |= set(await session.scalars(touched.execution_options(synchronize_session=False)))
    await remove(session, ids)
    for location_id in sorted(left):
        await session.run_sync(pass_default_on, location_id)


async def forget(session: AsyncSession, ids: Sequence[str], limit: int) -> bool:
    """Deletes at most so many frames and changes of status of these chargers; gives whether no more were left."""
    for history in (OcppMessage, ConnectorEvent):
        some = select(history.id).where(history.charger_id.in_(ids)).limit(limit)
        gone = delete(history).where(history.id.in_(some)).execution_options(synchronize_session=False)
        limit -= (await session.execute(gone)).rowcount  # type: ignore[attr-defined]  # a cursor's
    return limit > 0


async def remove(session: AsyncSession, ids: Sequence[str]) -> None:
    """Deletes chargers with their stations, connectors, EVSEs and frames."""
    for some in batches(ids):
        # the station carries the deployment, which takes the rest along
        stations = select(Charger.charge_point_id).where(Charger.id.in_(some))
        await session.execute(
            delete(ChargePoint).where(ChargePoint.id.in_(stations)).execution_options(synchronize_session=False)
        )
