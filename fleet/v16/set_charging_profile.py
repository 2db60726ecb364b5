"""SetChargingProfile (OCPP 1.6 §5.16)."""

from __future__ import annotations

from typing import Any

from fleet import profiles, transactions
from fleet.clock import timestamp
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    number, profile = payload["connectorId"], profile_of(payload["csChargingProfiles"])
    if not _suits(station, number, payload["csChargingProfiles"]) or profiles.why_not(station, number, profile):
        return Reply({"status": "Rejected"})
    profiles.put(station, number, profile)
    transactions.limits_changed(station)
    return Reply({"status": "Accepted"})


def profile_of(profile: Payload) -> dict[str, Any]:
    """The profile as `fleet.profiles` stores it."""
    schedule = profile["chargingSchedule"]
    return {
        "id": profile["chargingProfileId"],
        "stack_level": profile["stackLevel"],
        "purpose": profile["chargingProfilePurpose"],
        "kind": profile["chargingProfileKind"],
        "recurrency": profile.get("recurrencyKind"),
        "valid_from": profile.get("validFrom"),
        "valid_to": profile.get("validTo"),
        "start": schedule.get("startSchedule"),
        "received_at": timestamp(),
        "duration": schedule.get("duration"),
        "unit": schedule["chargingRateUnit"],
        "periods": [
            {"start": period["startPeriod"], "limit": period["limit"], "phases": period.get("numberPhases")}
            for period in schedule["chargingSchedulePeriod"]
        ],
    }


def _suits(station: Station, number: int, profile: Payload) -> bool:
    """Whether there is the connector, and the purpose suits it (§3.13.1)."""
    connector = station.connector(number)
    if connector is None and number != 0:
        return False
    if profile["chargingProfilePurpose"] == profiles.STATION_MAX:
        return bool(number == 0)
    if profile["chargingProfilePurpose"] == profiles.TX:
        running = connector.transaction if connector is not None else None
        wanted = profile.get("transactionId")
        return running is not None and (wanted is None or wanted == running.number)
    return True
