"""NotifyReport (OCPP 2.0.1 B07, B08): variables in parts, and what a report says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fleet.clock import timestamp
from fleet.frames import Payload
from fleet.keys import Key, Kind
from fleet.station import Station

ITEMS_PER_MESSAGE = 50


async def notify(station: Station, request_id: int, keys: Sequence[Key]) -> None:
    """Sends the report, as many messages as it takes."""
    parts = [keys[at : at + ITEMS_PER_MESSAGE] for at in range(0, len(keys), ITEMS_PER_MESSAGE)]
    for number, part in enumerate(parts):
        payload = {
            "requestId": request_id,
            "generatedAt": timestamp(),
            "seqNo": number,
            "tbc": number < len(parts) - 1,
            "reportData": [_described(station, key) for key in part],
        }
        await station.send(("NotifyReport", payload))


def named(component: str, variable: str) -> str:
    """The name of a variable in `fleet.v201.variables`."""
    return f"{component}.{variable}"


def _described(station: Station, key: Key) -> Payload:
    component, _, variable = key.name.partition(".")
    attribute: dict[str, Any] = {"mutability": _mutability(key), "persistent": True, "constant": False}
    if not key.write_only:
        attribute["value"] = station.dialect.keys.value(station, key)
    return {
        "component": {"name": component},
        "variable": {"name": variable},
        "variableAttribute": [attribute],
        "variableCharacteristics": _characteristics(key),
    }


def _mutability(key: Key) -> str:
    if key.write_only:
        return "WriteOnly"
    return "ReadOnly" if key.read_only else "ReadWrite"


def _characteristics(key: Key) -> Payload:
    characteristics: Payload = {"dataType": key.kind.value, "supportsMonitoring": False}
    if key.kind is Kind.INTEGER and not key.read_only:
        characteristics |= {"minLimit": key.minimum, "maxLimit": key.maximum}
    if key.members:
        characteristics["valuesList"] = ",".join(sorted(key.members))
    return characteristics
