"""ChangeConfiguration (OCPP 1.6 §5.3)."""

from __future__ import annotations

from fleet import configuration
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    outcome = configuration.change(station, payload["key"], payload["value"])
    return Reply({"status": outcome.value})
