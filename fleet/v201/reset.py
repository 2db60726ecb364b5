"""Reset (OCPP 2.0.1 B11, B12)."""

from __future__ import annotations

from fleet import life, transactions
from fleet.dialect import StopReason
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    if "evseId" in payload:  # it has one controller, so an EVSE can't restart alone
        return Reply({"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedRequest"}})
    if payload["type"] == "Immediate":
        return Reply({"status": "Accepted"}, then=lambda: _now(station))
    busy = any(connector.transaction for connector in station.connectors)
    status, reason = ("Scheduled", "ScheduledReset") if busy else ("Accepted", "RemoteReset")
    return Reply({"status": status}, then=lambda: life.restart_when_idle(station, reason))


async def _now(station: Station) -> None:
    transactions.end_all(station, StopReason.HARD_RESET)
    await transactions.delivered(station, transactions.FAREWELL_S)
    life.restart(station, "RemoteReset")
