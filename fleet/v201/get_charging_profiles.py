"""GetChargingProfiles and ReportChargingProfiles (OCPP 2.0.1 K09)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.set_charging_profile import as_201, purpose_of

SOURCE = "CSO"  # only the CSMS sets limits here


def handle(station: Station, payload: Payload) -> Reply:
    criteria = payload["chargingProfile"]
    found = [profile for profile in station.memory.profiles if _fits(profile, payload.get("evseId"), criteria)]
    if not found or SOURCE not in criteria.get("chargingLimitSource", [SOURCE]):
        return Reply({"status": "NoProfiles"})
    return Reply({"status": "Accepted"}, then=lambda: _report(station, payload["requestId"], found))


async def _report(station: Station, request_id: int, profiles: list[Payload]) -> None:
    by_evse: dict[int, list[Payload]] = defaultdict(list)
    for profile in profiles:
        by_evse[profile["connector"]].append(profile)
    left = len(by_evse)
    for evse_id, own in by_evse.items():
        left -= 1
        payload: dict[str, Any] = {
            "requestId": request_id,
            "chargingLimitSource": SOURCE,
            "evseId": evse_id,
            "chargingProfile": [as_201(profile) for profile in own],
            "tbc": left > 0,
        }
        await station.send(("ReportChargingProfiles", payload))


def _fits(profile: Payload, evse_id: int | None, criteria: Payload) -> bool:
    ids = criteria.get("chargingProfileId")
    purpose = criteria.get("chargingProfilePurpose")
    return (
        evse_id in (None, profile["connector"])
        and (ids is None or profile["id"] in ids)
        and criteria.get("stackLevel") in (None, profile["stack_level"])
        and (purpose is None or purpose_of(purpose) == profile["purpose"])
    )
