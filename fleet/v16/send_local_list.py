"""SendLocalList (OCPP 1.6 §5.15)."""

from __future__ import annotations

from typing import Any

from fleet import local_list
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    return Reply({"status": _put(station, payload)})


def _put(station: Station, payload: Payload) -> str:
    if not station.is_set(Setting.LIST_ENABLED):
        return "NotSupported"
    version = payload["listVersion"]
    entries = {entry["idTag"]: _entry(entry.get("idTagInfo")) for entry in payload.get("localAuthorizationList", [])}
    if version <= 0:
        return "Failed"
    if payload["updateType"] == "Full":
        local_list.replace(station, version, {token: entry for token, entry in entries.items() if entry is not None})
        return "Accepted"
    if version <= station.memory.list_version:
        return "VersionMismatch"
    return "Accepted" if local_list.change(station, version, entries) else "Failed"


def _entry(info: dict[str, Any] | None) -> dict[str, Any] | None:
    if info is None:
        return None
    return {"status": info["status"], "expires_at": info.get("expiryDate"), "parent": info.get("parentIdTag")}
