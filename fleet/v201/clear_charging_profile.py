"""ClearChargingProfile (OCPP 2.0.1 K10)."""

from __future__ import annotations

from fleet import profiles, transactions
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.set_charging_profile import purpose_of


def handle(station: Station, payload: Payload) -> Reply:
    criteria = payload.get("chargingProfileCriteria", {})
    purpose = criteria.get("chargingProfilePurpose")
    removed = profiles.remove(
        station,
        id=payload.get("chargingProfileId"),
        connector_number=criteria.get("evseId"),
        purpose=purpose and purpose_of(purpose),
        stack_level=criteria.get("stackLevel"),
    )
    transactions.limits_changed(station)
    return Reply({"status": "Accepted" if removed else "Unknown"})
