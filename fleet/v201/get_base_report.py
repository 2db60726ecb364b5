"""GetBaseReport (OCPP 2.0.1 B07)."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import report
from fleet.v201.device_model import AVAILABILITY, Variable, variables


def handle(station: Station, payload: Payload) -> Reply:
    listed = [variable for variable in variables(station) if _is_in(payload["reportBase"], variable)]
    return Reply({"status": "Accepted"}, then=lambda: report.notify(station, payload["requestId"], listed))


def _is_in(base: str, variable: Variable) -> bool:
    """Whether a report lists a variable; the summary tells who can charge now, and no component has a problem."""
    match base:
        case "ConfigurationInventory":
            return variable.mutability != "ReadOnly"
        case "SummaryInventory":
            return bool(variable.variable["name"] == AVAILABILITY)
    return True
