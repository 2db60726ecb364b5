"""Sites as networks advertise them, in the database."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from storage.lists import find
from storage.models import Location, OcpiLocation
from storage.paging import Sort
from storage.text import is_storable

NEWEST_FIRST = (Sort(OcpiLocation.created_at, descending=True), Sort(OcpiLocation.id, descending=True))


def ocpi_locations() -> Select[OcpiLocation]:
    """All OCPI locations of the session's tenant, joined to their sites."""
    return select(OcpiLocation).join(OcpiLocation.location).options(contains_eager(OcpiLocation.location))


async def get(session: AsyncSession, id: str, *, network_id: int | None = None) -> OcpiLocation | None:
    """The OCPI location with this id; where a network is given, only if it is in that one."""
    rows = ocpi_locations()
    if network_id is not None:
        rows = rows.where(OcpiLocation.network_id == network_id)
    return await find(session, rows, OcpiLocation.id, id)


async def get_to_change(session: AsyncSession, id: str, *, network_id: int | None = None) -> OcpiLocation | None:
    """The same; until the commit, nobody else changes or deletes it.

    Its site is locked, by a statement of its own: who deletes a site locks that first too, and what is read afterwards
    is what the last writer left.
    """
    if not is_storable(id):
        return None
    site = select(OcpiLocation.location_id).where(OcpiLocation.id == id).scalar_subquery()
    await session.execute(select(Location.id).where(Location.id == site).with_for_update(key_share=True))
    return await get(session, id, network_id=network_id)
