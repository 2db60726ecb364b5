"""SetVariables (OCPP 2.0.1 B05)."""

from __future__ import annotations

from fleet import configuration
from fleet.frames import Payload
from fleet.keys import Outcome
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.get_variables import unknown
from fleet.v201.report import named


def handle(station: Station, payload: Payload) -> Reply:
    return Reply({"setVariableResult": [_result(station, item) for item in payload["setVariableData"]]})


def _result(station: Station, item: Payload) -> Payload:
    result: Payload = {"component": item["component"], "variable": item["variable"]}
    if "attributeType" in item:
        result["attributeType"] = item["attributeType"]
    if item.get("attributeType", "Actual") != "Actual":
        return {**result, "attributeStatus": "NotSupportedAttributeType"}
    component = item["component"]["name"]
    outcome = configuration.change(station, named(component, item["variable"]["name"]), item["attributeValue"])
    status = unknown(station, component) if outcome is Outcome.UNKNOWN else outcome.value
    return {**result, "attributeStatus": status}
