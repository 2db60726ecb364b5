"""LogStatusNotification (OCPP 2.0.1 N01)."""

from __future__ import annotations

from fleet import activities
from fleet.dialect import Report, Request
from fleet.station import Station

NAME = "log"


def for_request(request_id: int) -> Report:
    """What reports the upload that this GetLog asked for."""

    def request(status: str) -> Request:
        return "LogStatusNotification", {"status": status, "requestId": request_id}

    return request


def cancelled(last: Request) -> Request:
    """What says that another request put an end to the upload that reported this last (N01.FR.20)."""
    action, payload = last
    return action, {**payload, "status": "AcceptedCanceled"}


def current(station: Station) -> Request:
    return activities.last(station, NAME) or ("LogStatusNotification", {"status": "Idle"})
