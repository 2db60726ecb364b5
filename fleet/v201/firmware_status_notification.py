"""FirmwareStatusNotification (OCPP 2.0.1 L01)."""

from __future__ import annotations

from fleet import activities
from fleet.dialect import Report, Request
from fleet.station import Station

NAME = "firmware"


def for_request(request_id: int) -> Report:
    """What reports the update that this UpdateFirmware asked for."""

    def request(status: str) -> Request:
        return "FirmwareStatusNotification", {"status": status, "requestId": request_id}

    return request


def current(station: Station) -> Request:
    return activities.last(station, NAME) or ("FirmwareStatusNotification", {"status": "Idle"})
