"""GetReport (OCPP 2.0.1 B08)."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.keys import Key
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import report

CRITERIA = {"Active", "Available", "Enabled"}  # what every component here is; none has a Problem


def handle(station: Station, payload: Payload) -> Reply:
    criteria = set(payload.get("componentCriteria", CRITERIA))
    asked = payload.get("componentVariable")
    keys = [key for key in station.dialect.keys.by_name.values() if asked is None or _is_asked(key, asked)]
    if not keys or not criteria & CRITERIA:
        return Reply({"status": "EmptyResultSet"})
    return Reply({"status": "Accepted"}, then=lambda: report.notify(station, payload["requestId"], keys))


def _is_asked(key: Key, asked: list[Payload]) -> bool:
    component, _, variable = key.name.partition(".")
    return any(
        item["component"]["name"] == component and item.get("variable", {"name": variable})["name"] == variable
        for item in asked
    )
