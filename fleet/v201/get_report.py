"""GetReport (OCPP 2.0.1 B08)."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import report
from fleet.v201.device_model import Variable, variables

CRITERIA = {"Active", "Available", "Enabled"}  # what every component here is; none has a Problem


def handle(station: Station, payload: Payload) -> Reply:
    criteria = set(payload.get("componentCriteria", CRITERIA))
    asked = payload.get("componentVariable")
    listed = [variable for variable in variables(station) if asked is None or _is_asked(variable, asked)]
    if not listed or not criteria & CRITERIA:
        return Reply({"status": "EmptyResultSet"})
    return Reply({"status": "Accepted"}, then=lambda: report.notify(station, payload["requestId"], listed))


def _is_asked(variable: Variable, asked: Iterable[Payload]) -> bool:
    """Whether one of the items means it: what an item leaves out may be anything."""
    return any(
        _fits(item["component"], variable.component) and _fits(item.get("variable", {}), variable.variable)
        for item in asked
    )


def _fits(asked: Payload, own: Payload) -> bool:
    return all(
        _fits(value, own.get("evse", {})) if name == "evse" else str(value).lower() == str(own.get(name)).lower()
        for name, value in asked.items()
        if name != "customData"
    )
