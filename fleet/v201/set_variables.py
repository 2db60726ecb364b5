"""SetVariables (OCPP 2.0.1 B05)."""

from __future__ import annotations

from fleet import configuration
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.device_model import Variable, find, variables
from fleet.v201.get_variables import echo


def handle(station: Station, payload: Payload) -> Reply:
    known = variables(station)
    results = [
        {**echo(item), "attributeStatus": _set(station, find(known, item["component"], item["variable"]), item)}
        for item in payload["setVariableData"]
    ]
    return Reply({"setVariableResult": results})


def _set(station: Station, variable: Variable | str, item: Payload) -> str:
    if isinstance(variable, str):
        return variable
    if item.get("attributeType", "Actual") != "Actual":
        return "NotSupportedAttributeType"
    if variable.key is None:
        return "Rejected"
    return configuration.change(station, variable.key.name, item["attributeValue"]).value
