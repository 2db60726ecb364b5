"""GetVariables (OCPP 2.0.1 B06)."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.report import named

MAX_VALUE = 1_000


def handle(station: Station, payload: Payload) -> Reply:
    return Reply({"getVariableResult": [_result(station, item) for item in payload["getVariableData"]]})


def _result(station: Station, item: Payload) -> Payload:
    result: Payload = {"component": item["component"], "variable": item["variable"]}
    if "attributeType" in item:
        result["attributeType"] = item["attributeType"]
    keys = station.dialect.keys
    key = keys.by_name.get(named(item["component"]["name"], item["variable"]["name"]))
    if key is None:
        return {**result, "attributeStatus": unknown(station, item["component"]["name"])}
    if item.get("attributeType", "Actual") != "Actual":
        return {**result, "attributeStatus": "NotSupportedAttributeType"}
    if key.write_only:
        return {**result, "attributeStatus": "Rejected"}
    return {**result, "attributeStatus": "Accepted", "attributeValue": keys.value(station, key)[:MAX_VALUE]}


def unknown(station: Station, component: str) -> str:
    """Which part of a name is not known."""
    is_known = any(name.startswith(f"{component}.") for name in station.dialect.keys.by_name)
    return "UnknownVariable" if is_known else "UnknownComponent"
