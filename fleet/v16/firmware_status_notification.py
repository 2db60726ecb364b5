"""FirmwareStatusNotification (OCPP 1.6 §4.5)."""

from __future__ import annotations

from fleet import activities
from fleet.dialect import Request
from fleet.station import Station

NAME = "firmware"


def request(status: str) -> Request:
    return "FirmwareStatusNotification", {"status": status}


def current(station: Station) -> Request:
    return activities.last(station, NAME) or request("Idle")
