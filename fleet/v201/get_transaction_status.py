"""GetTransactionStatus (OCPP 2.0.1 E14)."""

from __future__ import annotations

from fleet import charging, outbox
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    id = payload.get("transactionId")
    if id is None:
        return Reply({"messagesInQueue": bool(station.memory.outbox)})
    running = charging.find_transaction(station, id) is not None
    return Reply({"ongoingIndicator": running, "messagesInQueue": outbox.is_waiting(station, id)})
