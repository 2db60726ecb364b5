"""Networks in the database, and what their sites amount to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Charger, Cpo, Credentials, Evse, Location, OcpiConnector, OcpiLocation
from storage.paging import Sort

NEWEST_FIRST = (Sort(Cpo.created_at, descending=True), Sort(Cpo.id, descending=True))


@dataclass(frozen=True)
class CpoTopology:
    """How many of each a network has."""

    locations: int = 0
    chargers: int = 0
    evses: int = 0
    connectors: int = 0


@dataclass(frozen=True)
class SiteLine:
    """A site in the report of its network."""

    id: str
    name: str
    city: str
    chargers: int


def cpos() -> Select[Cpo]:
    """All networks of the session's tenant."""
    return select(Cpo)


async def get(session: AsyncSession, id: int) -> Cpo | None:
    return (await session.scalars(cpos().where(Cpo.id == id))).one_or_none()


async def topologies(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, CpoTopology]:
    """What each of these networks has, in one statement."""
    counted = (
        select(
            OcpiLocation.network_id,
            func.count(OcpiLocation.id.distinct()),
            func.count(Charger.id.distinct()),
            func.count(Evse.id.distinct()),
            func.count(OcpiConnector.id.distinct()),
        )
        .outerjoin(Charger, Charger.location_id == OcpiLocation.location_id)
        .outerjoin(Evse, Evse.charger_id == Charger.id)
        .outerjoin(OcpiConnector, OcpiConnector.evse_id == Evse.id)
        .where(OcpiLocation.network_id.in_(ids))
        .group_by(OcpiLocation.network_id)
    )
    found = await session.execute(counted)
    return dict.fromkeys(ids, CpoTopology()) | {id: CpoTopology(*counts) for id, *counts in found}


async def site_lines(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, list[SiteLine]]:
    """The sites of each of these networks, oldest first."""
    rows = (
        select(OcpiLocation.network_id, OcpiLocation.id, Location.name, Location.city, func.count(Charger.id))
        .join(OcpiLocation.location)
        .outerjoin(Charger, Charger.location_id == OcpiLocation.location_id)
        .where(OcpiLocation.network_id.in_(ids))
        .group_by(OcpiLocation.network_id, OcpiLocation.id, OcpiLocation.created_at, Location.name, Location.city)
        .order_by(OcpiLocation.created_at, OcpiLocation.id)
    )
    lines: dict[int, list[SiteLine]] = {id: [] for id in ids}
    for network_id, id, name, city, chargers in await session.execute(rows):
        lines[network_id].append(SiteLine(id, name, city, chargers))
    return lines


async def registrations(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, Credentials]:
    """The credentials with Token A of each of these networks that has them."""
    wanted = select(Credentials).where(Credentials.network_id.in_(ids), Credentials.kind == "A")
    return {row.network_id: row for row in await session.scalars(wanted)}


async def registration(session: AsyncSession, id: int) -> Credentials | None:
    """The credentials with the network's Token A."""
    return (await registrations(session, [id])).get(id)
