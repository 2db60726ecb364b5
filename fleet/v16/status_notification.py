"""StatusNotification (OCPP 1.6 §4.9): what a connector is in, and the station as connector 0."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.clock import timestamp
from fleet.connector import Connector, ConnectorStatus
from fleet.dialect import Request

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


def request(connector: Connector) -> Request:
    return _request(connector.number, connector.status, connector.fault)


def request_of_whole(connectors: Sequence[Connector]) -> Request:
    """Connector 0: the station is Faulted or Unavailable while all of its connectors are, and else Available."""
    faults = [connector.fault for connector in connectors if connector.fault is not None]
    if faults and len(faults) == len(connectors):
        return _request(0, ConnectorStatus.FAULTED, faults[0])
    is_operative = any(connector.operative for connector in connectors)
    return _request(0, ConnectorStatus.AVAILABLE if is_operative else ConnectorStatus.UNAVAILABLE, None)


def status_name(status: ConnectorStatus) -> str:
    return status.value


def error_code(fault: str | None) -> str:
    """The standard's code for an injected fault."""
    if fault is None:
        return "NoError"
    name = OTHER_NAMES.get(fault, fault)
    return name if name in ERROR_CODES else "OtherError"


def _request(number: int, status: ConnectorStatus, fault: str | None) -> Request:
    payload = {"connectorId": number, "errorCode": error_code(fault), "status": status.value, "timestamp": timestamp()}
    if fault is not None and payload["errorCode"] == "OtherError":
        payload["info"] = fault[:50]
    return "StatusNotification", payload
