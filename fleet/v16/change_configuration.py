"""ChangeConfiguration (OCPP 1.6 §5.3)."""

from __future__ import annotations

from fleet import life
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    outcome = station.dialect.keys.change(station, payload["key"], payload["value"])
    life.settings_changed(station)
    return Reply({"status": outcome.value})
