"""Reset (OCPP 1.6 §5.14)."""

from __future__ import annotations

from fleet import life, transactions
from fleet.dialect import StopReason
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    async def reset() -> None:
        if payload["type"] == "Soft":
            await life.restart_after_farewell(station, StopReason.SOFT_RESET)
        else:  # the messages of what a hard reset interrupts wait until it is back
            life.restart(station, "RemoteReset")
            transactions.end_all(station, StopReason.HARD_RESET)

    return Reply({"status": "Accepted"}, then=reset)
