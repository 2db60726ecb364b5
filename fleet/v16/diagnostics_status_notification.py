"""DiagnosticsStatusNotification (OCPP 1.6 §4.4)."""

from __future__ import annotations

from fleet import activities
from fleet.dialect import Request
from fleet.station import Station

NAME = "diagnostics"


def request(status: str) -> Request:
    return "DiagnosticsStatusNotification", {"status": status}


def current(station: Station) -> Request:
    return activities.last(station, NAME) or request("Idle")
