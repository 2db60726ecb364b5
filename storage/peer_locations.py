"""Locations as OCPI peers read them: oldest first, by offset, narrowed by when anything in them last changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import CTE, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from storage import ocpi_locations
from storage.batches import batches
from storage.models import Charger, Evse, Location, OcpiConnector, OcpiLocation

Statement = TypeVar("Statement", bound=Select[Any])

MAX_SLICE = 100
EVSES_AT_ONCE = 1_000  # made into objects before others on the loop get their turn


@dataclass(frozen=True)
class Slice:
    """Which locations: those changed last in `[changed_from, changed_to)`, `limit` of them from `offset` on."""

    offset: int = 0
    limit: int = MAX_SLICE
    changed_from: datetime | None = None
    changed_to: datetime | None = None


@dataclass(frozen=True)
class PeerLocation:
    """A location with all that is in it; every EVSE has exactly one connector."""

    location: OcpiLocation
    evses: list[tuple[Evse, OcpiConnector]] = field(default_factory=list)


async def count(session: AsyncSession, network_id: int, wanted: Slice) -> int:
    """How many locations of a network a slice is cut from."""
    statement = _changed(select(func.count(OcpiLocation.id)), network_id, wanted)
    return (await session.execute(statement)).scalar_one()


async def page(session: AsyncSession, network_id: int, wanted: Slice) -> list[PeerLocation]:
    """The locations of a slice, oldest first (OCPI 2.2.1 §4.1.4.1.2), in three statements unless they are large."""
    statement = (
        _changed(select(OcpiLocation), network_id, wanted)
        .options(contains_eager(OcpiLocation.location))
        .order_by(OcpiLocation.created_at, OcpiLocation.id)
        .offset(wanted.offset)
        .limit(wanted.limit)
    )
    return await _filled(session, (await session.scalars(statement)).all())


async def find(session: AsyncSession, network_id: int, location_id: str) -> PeerLocation | None:
    """One location of a network."""
    row = await ocpi_locations.get(session, location_id, network_id=network_id)
    return (await _filled(session, [row]))[0] if row else None


async def _filled(session: AsyncSession, rows: Sequence[OcpiLocation]) -> list[PeerLocation]:
    found: dict[str | None, PeerLocation] = {row.location_id: PeerLocation(row) for row in rows}
    inside = (
        select(Evse.id, Charger.location_id)
        .join(Charger, Evse.charger_id == Charger.id)
        .where(Charger.location_id.in_(found))
        .order_by(Charger.created_at, Charger.id, Evse.connector_number)
    )
    location_ids = dict((await session.execute(inside)).all())
    for some in batches(location_ids, EVSES_AT_ONCE):
        evses = await _evses(session, some)
        for id in some:
            if id in evses:
                found[location_ids[id]].evses.append(evses[id])
    return list(found.values())


async def _evses(session: AsyncSession, ids: Sequence[str]) -> dict[str, tuple[Evse, OcpiConnector]]:
    """Those of the EVSEs that are still there, by id."""
    joined = select(Evse, OcpiConnector).join(OcpiConnector, OcpiConnector.evse_id == Evse.id)
    rows = await session.execute(joined.where(Evse.id.in_(ids)))
    return {evse.id: (evse, connector) for evse, connector in rows}


def _changed(statement: Statement, network_id: int, wanted: Slice) -> Statement:
    """Narrows to the locations whose newest change, of the site or of anything in it, lies in the slice."""
    statement = statement.join(OcpiLocation.location).where(OcpiLocation.network_id == network_id)
    if wanted.changed_from is None and wanted.changed_to is None:
        return statement
    inside = _inside()
    newest = case((inside.c.changed_at > Location.updated_at, inside.c.changed_at), else_=Location.updated_at)
    statement = statement.outerjoin(inside, inside.c.location_id == Location.id)
    if wanted.changed_from is not None:
        statement = statement.where(newest >= wanted.changed_from)
    if wanted.changed_to is not None:
        statement = statement.where(newest < wanted.changed_to)
    return statement


def _inside() -> CTE:
    """When anything in each location last changed, found in one pass and once per statement.

    Looking into each location by itself, as planners without statistics do, takes seconds on a large one.
    """
    evses_at, connectors_at = func.max(Evse.last_updated), func.max(OcpiConnector.last_updated)
    statement = (
        select(
            Charger.location_id,
            case((connectors_at > evses_at, connectors_at), else_=evses_at).label("changed_at"),
        )
        .join(Evse, Evse.charger_id == Charger.id)
        .join(OcpiConnector, OcpiConnector.evse_id == Evse.id)
        .group_by(Charger.location_id)
    )
    return statement.cte("inside").prefix_with("MATERIALIZED")
