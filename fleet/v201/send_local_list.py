"""SendLocalList (OCPP 2.0.1 D01)."""

from __future__ import annotations

from typing import Any

from fleet import local_list
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    if not station.is_set(Setting.LIST_ENABLED):
        return Reply({"status": "Failed"})
    items = payload.get("localAuthorizationList", [])
    entries = {item["idToken"]["idToken"]: _entry(item.get("idTokenInfo")) for item in items}
    full = payload["updateType"] == "Full"
    return Reply({"status": local_list.receive(station, payload["versionNumber"], entries, full=full)})


def _entry(info: dict[str, Any] | None) -> dict[str, Any] | None:
    if info is None:
        return None
    group = info.get("groupIdToken", {}).get("idToken")
    return {"status": info["status"], "expires_at": info.get("cacheExpiryDateTime"), "parent": group}
