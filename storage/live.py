"""What the fleet has lately written of chargers: their frames and the changes of their connectors' status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Charger, ConnectorEvent, OcpiLocation, OcppMessage

Row = TypeVar("Row", OcppMessage, ConnectorEvent)
Place = tuple[datetime, str]  # an instant and an id of it; before all of the instant: no id


def one(charger_id: str) -> Select[Any]:
    """The id of one charger."""
    return select(Charger.id).where(Charger.id == charger_id)


def at_location(location_id: str) -> Select[Any]:
    """The ids of a site's chargers."""
    return select(Charger.id).where(Charger.location_id == location_id)


def in_network(network_id: int) -> Select[Any]:
    """The ids of a network's chargers."""
    sites = select(OcpiLocation.location_id).where(OcpiLocation.network_id == network_id)
    return select(Charger.id).where(Charger.location_id.in_(sites))


async def after(
    session: AsyncSession, model: type[Row], chargers: Select[Any], place: Place, limit: int
) -> Sequence[Row]:
    """So many rows of these chargers behind a place, in the order of instants and ids."""
    key = (model.timestamp, model.id)
    behind = tuple_(*key) > tuple_(*place, types=[column.type for column in key])
    rows = select(model).where(model.charger_id.in_(chargers), behind).order_by(*key).limit(limit)
    return (await session.scalars(rows)).all()
