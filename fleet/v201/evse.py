"""EVSEs as 2.0.1 addresses them: every connector is its own EVSE, so `connectorId` is always 1."""

from __future__ import annotations

from fleet.connector import Connector
from fleet.frames import Payload
from fleet.station import Station


def connectors_of(station: Station, evse: Payload | None) -> list[Connector]:
    """The connectors an `evse` field names: all without one, none where there is no such EVSE."""
    if evse is None:
        return station.connectors
    connector = station.connector(evse["id"])
    return [connector] if connector is not None and evse.get("connectorId", 1) == 1 else []
