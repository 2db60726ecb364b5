"""CancelReservation (OCPP 1.6 §5.1)."""

from __future__ import annotations

from fleet import reservations
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    cancelled = reservations.cancel(station, payload["reservationId"])
    return Reply({"status": "Accepted" if cancelled else "Rejected"})
