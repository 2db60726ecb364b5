"""What the fleet has lately written of chargers: their frames and the changes of their connectors' status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Charger, ConnectorEvent, OcpiLocation, OcppMessage

Row = TypeVar("Row", OcppMessage, ConnectorEvent)


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


async def since(session: AsyncSession, model: type[Row], chargers: Select[Any], at: datetime) -> Sequence[Row]:
    """The rows of these chargers from an instant on, in order."""
    rows = select(model).where(model.charger_id.in_(chargers), model.timestamp >= at)
    return (await session.scalars(rows.order_by(model.timestamp, model.id))).all()
