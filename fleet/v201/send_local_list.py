"""SendLocalList (OCPP 2.0.1 D01)."""

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
    version = payload["versionNumber"]
    if not station.is_set(Setting.LIST_ENABLED) or version <= 0:
        return "Failed"
    entries = {
        item["idToken"]["idToken"]: _entry(item.get("idTokenInfo"))
        for item in payload.get("localAuthorizationList", [])
    }
    if payload["updateType"] == "Full":
        local_list.replace(station, version, {token: entry for token, entry in entries.items() if entry is not None})
        return "Accepted"
    if version <= station.memory.list_version:
        return "VersionMismatch"
    return "Accepted" if local_list.change(station, version, entries) else "Failed"


def _entry(info: dict[str, Any] | None) -> dict[str, Any] | None:
    if info is None:
        return None
    group = info.get("groupIdToken", {}).get("idToken")
    return {"status": info["status"], "expires_at": info.get("cacheExpiryDateTime"), "parent": group}
