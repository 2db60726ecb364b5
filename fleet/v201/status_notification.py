"""StatusNotification (OCPP 2.0.1 G01): what a connector is in."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.clock import timestamp
from fleet.connector import Connector, ConnectorStatus
from fleet.dialect import Request

# ConnectorStatusEnumType; all that is not here is Occupied
NAMES = {
    ConnectorStatus.AVAILABLE: "Available",
    ConnectorStatus.RESERVED: "Reserved",
    ConnectorStatus.UNAVAILABLE: "Unavailable",
    ConnectorStatus.FAULTED: "Faulted",
}


def request(connector: Connector) -> Request:
    return "StatusNotification", {
        "timestamp": timestamp(),
        "connectorStatus": status_name(connector.status),
        "evseId": connector.number,
        "connectorId": 1,
    }


def request_of_whole(connectors: Sequence[Connector]) -> None:
    """2.0.1 knows the status of connectors only."""


def status_name(status: ConnectorStatus) -> str:
    return NAMES.get(status, "Occupied")
