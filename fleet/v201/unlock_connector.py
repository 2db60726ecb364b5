"""UnlockConnector (OCPP 2.0.1 F05); a connector in an authorized transaction stays locked."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    connector = station.connector(payload["evseId"])
    if connector is None or payload["connectorId"] != 1:
        return Reply({"status": "UnknownConnector"})
    if connector.transaction is not None:
        return Reply({"status": "OngoingAuthorizedTransaction"})
    return Reply({"status": "UnlockFailed" if connector.fault == "ConnectorLockFailure" else "Unlocked"})
