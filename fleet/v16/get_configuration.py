"""GetConfiguration (OCPP 1.6 §5.8)."""

from __future__ import annotations

from typing import Any

from fleet.frames import Payload
from fleet.keys import Key
from fleet.link import Reply
from fleet.station import Station

MAX_VALUE = 500


def handle(station: Station, payload: Payload) -> Reply:
    keys = station.dialect.keys
    wanted = payload.get("key") or list(keys.by_name)
    known = [_described(station, key) for name in wanted if (key := keys.find(name))]
    unknown = [name for name in wanted if keys.find(name) is None]
    answer: Payload = {"configurationKey": known}
    return Reply({**answer, "unknownKey": unknown} if unknown else answer)


def _described(station: Station, key: Key) -> dict[str, Any]:
    described = {"key": key.name, "readonly": key.read_only}
    if key.write_only:
        return described
    return {**described, "value": station.value(key)[:MAX_VALUE]}
