"""ChangeAvailability (OCPP 1.6 §5.2)."""

from __future__ import annotations

from fleet import charging
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    number = payload["connectorId"]
    connector = station.connector(number)
    if connector is None and number != 0:
        return Reply({"status": "Rejected"})
    chosen = station.connectors if connector is None else [connector]
    at_once = charging.set_availability(station, chosen, operative=payload["type"] == "Operative")
    return Reply({"status": "Accepted" if at_once else "Scheduled"})
