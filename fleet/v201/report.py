"""NotifyReport (OCPP 2.0.1 B07, B08): variables in parts, and what a report says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fleet.clock import timestamp
from fleet.frames import Payload
from fleet.station import Station
from fleet.v201.device_model import Variable

ITEMS_PER_MESSAGE = 50


async def notify(station: Station, request_id: int, variables: Sequence[Variable]) -> None:
    """Sends the report, as many messages as it takes."""
    parts = [variables[at : at + ITEMS_PER_MESSAGE] for at in range(0, len(variables), ITEMS_PER_MESSAGE)]
    for number, part in enumerate(parts):
        payload = {
            "requestId": request_id,
            "generatedAt": timestamp(),
            "seqNo": number,
            "tbc": number < len(parts) - 1,
            "reportData": [_described(variable) for variable in part],
        }
        await station.send(("NotifyReport", payload))


def _described(variable: Variable) -> Payload:
    is_kept = variable.key is not None
    attribute: dict[str, Any] = {"mutability": variable.mutability, "persistent": is_kept, "constant": False}
    if variable.value is not None:
        attribute["value"] = variable.value
    return {
        "component": variable.component,
        "variable": variable.variable,
        "variableAttribute": [attribute],
        "variableCharacteristics": variable.characteristics,
    }
