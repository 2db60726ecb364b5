"""GetLocalListVersion (OCPP 1.6 §5.10); -1 says that the list is not in use."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    in_use = station.is_set(Setting.LIST_ENABLED)
    return Reply({"listVersion": station.memory.list_version if in_use else -1})
