"""RequestStartTransaction (OCPP 2.0.1 F01, F02)."""

from __future__ import annotations

from fleet import charging
from fleet.connector import Authorization
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201.set_charging_profile import profile_of


def handle(station: Station, payload: Payload) -> Reply:
    token, profile = payload["idToken"], payload.get("chargingProfile")
    by = Authorization(
        token["idToken"],
        token["type"],
        remote_start_id=payload["remoteStartId"],
        profile=profile_of(profile) if profile else None,
    )
    connector = charging.for_remote_start(station, payload.get("evseId"), by)
    if connector is None:
        return Reply({"status": "Rejected"})
    return Reply({"status": "Accepted"}, then=lambda: charging.start_remotely(station, connector, by))
