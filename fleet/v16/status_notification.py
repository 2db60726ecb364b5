"""StatusNotification (OCPP 1.6 §4.9): what a connector is in."""

from __future__ import annotations

from fleet.clock import timestamp
from fleet.connector import Connector, ConnectorStatus
from fleet.dialect import Request
from fleet.station import Station

# §7.6; a fault of another name is reported as OtherError with the name beside it
ERROR_CODES = frozenset(
    {
        "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError",
        "LocalListConflict", "OtherError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure",
        "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage", "WeakSignal",
    }
)  # fmt: skip
OTHER_NAMES = {
    "OverCurrent": "OverCurrentFailure",
    "GroundFault": "GroundFailure",
    "OverTemperature": "HighTemperature",
}


def request(station: Station, connector: Connector) -> Request:
    payload = {
        "connectorId": connector.number,
        "errorCode": error_code(connector.fault),
        "status": connector.status.value,
        "timestamp": timestamp(),
    }
    if connector.fault is not None and payload["errorCode"] == "OtherError":
        payload["info"] = connector.fault[:50]
    return "StatusNotification", payload


def status_name(status: ConnectorStatus) -> str:
    return status.value


def error_code(fault: str | None) -> str:
    """The standard's code for an injected fault."""
    if fault is None:
        return "NoError"
    name = OTHER_NAMES.get(fault, fault)
    return name if name in ERROR_CODES else "OtherError"
