"""RequestStopTransaction (OCPP 2.0.1 F03)."""

from __future__ import annotations

from fleet import charging
from fleet.dialect import StopReason
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    found = charging.find_transaction(station, payload["transactionId"])
    if found is None or not station.online:
        return Reply({"status": "Rejected"})
    connector, transaction = found

    async def stop() -> None:
        if connector.transaction is transaction:
            charging.stop(station, connector, StopReason.REMOTE)

    return Reply({"status": "Accepted"}, then=stop)
