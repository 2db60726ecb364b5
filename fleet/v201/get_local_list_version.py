"""GetLocalListVersion (OCPP 2.0.1 D02)."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    in_use = station.is_set(Setting.LIST_ENABLED)
    return Reply({"versionNumber": station.memory.list_version if in_use else 0})
