"""UnlockConnector (OCPP 1.6 §5.18)."""

from __future__ import annotations

from fleet import charging
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    connector = station.connector(payload["connectorId"])
    if connector is None:
        return Reply({"status": "NotSupported"})
    if connector.fault == "ConnectorLockFailure":
        return Reply({"status": "UnlockFailed"})
    charging.unlock(station, connector)
    return Reply({"status": "Unlocked"})
