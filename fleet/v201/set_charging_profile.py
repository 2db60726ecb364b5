"""SetChargingProfile (OCPP 2.0.1 K01)."""

from __future__ import annotations

from typing import Any

from fleet import profiles, transactions
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station

STATION_MAX = "ChargingStationMaxProfile"
EXTERNAL = "ChargingStationExternalConstraints"  # a CSMS may not set it (K01.FR.22)


def handle(station: Station, payload: Payload) -> Reply:
    evse_id, profile = payload["evseId"], profile_of(payload["chargingProfile"])
    reason = _unsuitable(station, evse_id, payload["chargingProfile"]) or profiles.why_not(station, evse_id, profile)
    if reason is not None:
        return Reply({"status": "Rejected", "statusInfo": {"reasonCode": reason}})
    profiles.put(station, evse_id, profile)
    transactions.limits_changed(station)
    return Reply({"status": "Accepted"})


def purpose_of(purpose: str) -> str:
    """A purpose in the words of `fleet.profiles`, which are 1.6's."""
    return profiles.STATION_MAX if purpose == STATION_MAX else purpose


def profile_of(profile: Payload) -> profiles.Profile:
    """The profile as `fleet.profiles` stores it; the first schedule counts, the others are for ISO 15118."""
    purpose = purpose_of(profile["chargingProfilePurpose"])
    stored = profiles.as_stored(profile, profile["chargingSchedule"][0], id=profile["id"], purpose=purpose)
    return {**stored, "original": profile}


def as_201(profile: profiles.Profile) -> Payload:
    """A stored profile as it came; one that came when the charger still spoke 1.6 is translated."""
    if "original" in profile:
        original: Payload = profile["original"]
        return original
    periods = [
        _given(startPeriod=period["start"], limit=period["limit"], numberPhases=period["phases"])
        for period in profile["periods"]
    ]
    schedule = _given(
        id=profile["id"],
        startSchedule=profile["start"],
        duration=profile["duration"],
        chargingRateUnit=profile["unit"],
        chargingSchedulePeriod=periods,
    )
    purpose = STATION_MAX if profile["purpose"] == profiles.STATION_MAX else profile["purpose"]
    return _given(
        id=profile["id"],
        stackLevel=profile["stack_level"],
        chargingProfilePurpose=purpose,
        chargingProfileKind=profile["kind"],
        recurrencyKind=profile["recurrency"],
        validFrom=profile["valid_from"],
        validTo=profile["valid_to"],
        chargingSchedule=[schedule],
    )


def _given(**values: Any) -> Payload:
    return {name: value for name, value in values.items() if value is not None}


def _unsuitable(station: Station, evse_id: int, profile: Payload) -> str | None:
    """Why a profile of this purpose is not for this EVSE, as a reason code."""
    connector = station.connector(evse_id)
    purpose = profile["chargingProfilePurpose"]
    if connector is None and evse_id != 0:
        return "UnknownEvse"
    if any(schedule["chargingSchedulePeriod"][0]["startPeriod"] != 0 for schedule in profile["chargingSchedule"]):
        return "InvalidSchedule"  # K01.FR.31
    if purpose == EXTERNAL or (purpose == STATION_MAX and evse_id != 0):
        return "InvalidProfile"
    if purpose == profiles.TX:
        running = connector.transaction if connector is not None else None
        return None if running is not None and profile.get("transactionId") == running.id else "TxNotFound"
    return None
