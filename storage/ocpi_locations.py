"""Sites as networks advertise them, in the database."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from storage.lists import find
from storage.models import OcpiLocation
from storage.paging import Sort

NEWEST_FIRST = (Sort(OcpiLocation.created_at, descending=True), Sort(OcpiLocation.id, descending=True))


def ocpi_locations() -> Select[OcpiLocation]:
    """All OCPI locations of the session's tenant, joined to their sites."""
    return select(OcpiLocation).join(OcpiLocation.location).options(contains_eager(OcpiLocation.location))


async def get(
    session: AsyncSession, id: str, *, network_id: int | None = None, to_change: bool = False
) -> OcpiLocation | None:
    """The OCPI location with this id; where a network is given, only if it is in that one."""
    rows = ocpi_locations()
    if network_id is not None:
        rows = rows.where(OcpiLocation.network_id == network_id)
    return await find(session, rows, OcpiLocation.id, id, to_change=to_change)
