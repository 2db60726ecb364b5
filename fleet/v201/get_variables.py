"""GetVariables (OCPP 2.0.1 B06)."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.device_model import Variable, find, variables

MAX_VALUE = 1_000


def handle(station: Station, payload: Payload) -> Reply:
    known = variables(station)
    results = [
        {**echo(item), **_found(find(known, item["component"], item["variable"]), item)}
        for item in payload["getVariableData"]
    ]
    return Reply({"getVariableResult": results})


def echo(item: Payload) -> Payload:
    """What a result repeats of the request."""
    return {name: item[name] for name in ("component", "variable", "attributeType") if name in item}


def _found(variable: Variable | str, item: Payload) -> Payload:
    if isinstance(variable, str):
        return {"attributeStatus": variable}
    if item.get("attributeType", "Actual") != "Actual":
        return {"attributeStatus": "NotSupportedAttributeType"}
    if variable.value is None:
        return {"attributeStatus": "Rejected"}
    return {"attributeStatus": "Accepted", "attributeValue": variable.value[:MAX_VALUE]}
