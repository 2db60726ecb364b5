"""ClearCache (OCPP 2.0.1 C11)."""

from __future__ import annotations

from fleet import authorization
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    if not station.is_set(Setting.CACHE_ENABLED):
        return Reply({"status": "Rejected"})
    authorization.clear_cache(station)
    return Reply({"status": "Accepted"})
