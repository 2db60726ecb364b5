"""ClearChargingProfile (OCPP 1.6 §5.5)."""

from __future__ import annotations

from fleet import profiles, transactions
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    removed = profiles.remove(
        station,
        id=payload.get("id"),
        connector_number=payload.get("connectorId"),
        purpose=payload.get("chargingProfilePurpose"),
        stack_level=payload.get("stackLevel"),
    )
    transactions.limits_changed(station)
    return Reply({"status": "Accepted" if removed else "Unknown"})
