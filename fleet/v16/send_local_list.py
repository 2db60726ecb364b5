"""SendLocalList (OCPP 1.6 §5.15)."""

from __future__ import annotations

from typing import Any

from fleet import local_list
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    if not station.is_set(Setting.LIST_ENABLED):
        return Reply({"status": "NotSupported"})
    entries = {entry["idTag"]: _entry(entry.get("idTagInfo")) for entry in payload.get("localAuthorizationList", [])}
    full = payload["updateType"] == "Full"
    return Reply({"status": local_list.receive(station, payload["listVersion"], entries, full=full)})


def _entry(info: dict[str, Any] | None) -> dict[str, Any] | None:
    if info is None:
        return None
    return {"status": info["status"], "expires_at": info.get("expiryDate"), "parent": info.get("parentIdTag")}
