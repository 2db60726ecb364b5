"""GetBaseReport (OCPP 2.0.1 B07)."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import report


def handle(station: Station, payload: Payload) -> Reply:
    keys = list(station.dialect.keys.by_name.values())
    if payload["reportBase"] == "SummaryInventory":
        return Reply({"status": "EmptyResultSet"})  # it lists problems, and there are none to configure
    if payload["reportBase"] == "ConfigurationInventory":
        keys = [key for key in keys if not key.read_only]
    return Reply({"status": "Accepted"}, then=lambda: report.notify(station, payload["requestId"], keys))
