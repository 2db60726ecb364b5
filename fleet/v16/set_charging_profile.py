"""SetChargingProfile (OCPP 1.6 §5.16)."""

from __future__ import annotations

from fleet import profiles, transactions
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


def profile_of(profile: Payload) -> profiles.Profile:
    """The profile as `fleet.profiles` stores it."""
    return profiles.as_stored(
        profile,
        profile["chargingSchedule"],
        id=profile["chargingProfileId"],
        purpose=profile["chargingProfilePurpose"],
    )


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
