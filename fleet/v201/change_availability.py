"""ChangeAvailability (OCPP 2.0.1 G03, G04)."""

from __future__ import annotations

from fleet import charging
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.evse import connectors_of


def handle(station: Station, payload: Payload) -> Reply:
    chosen = connectors_of(station, payload.get("evse"))
    if not chosen:
        return Reply({"status": "Rejected"})
    at_once = charging.set_availability(station, chosen, operative=payload["operationalStatus"] == "Operative")
    return Reply({"status": "Accepted" if at_once else "Scheduled"})
