"""Reset (OCPP 2.0.1 B11, B12)."""

from __future__ import annotations

from fleet import life
from fleet.dialect import StopReason
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    if "evseId" in payload:  # it has one controller, so an EVSE can't restart alone
        return Reply({"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedRequest"}})
    if payload["type"] == "Immediate":
        return Reply({"status": "Accepted"}, then=lambda: life.restart_after_farewell(station, StopReason.HARD_RESET))
    busy = any(connector.transaction for connector in station.connectors)
    status, reason = ("Scheduled", "ScheduledReset") if busy else ("Accepted", "RemoteReset")
    return Reply({"status": status}, then=lambda: life.restart_when_idle(station, reason))
