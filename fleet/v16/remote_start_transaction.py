"""RemoteStartTransaction (OCPP 1.6 §5.11)."""

from __future__ import annotations

from fleet import charging
from fleet.connector import Authorization
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v16.set_charging_profile import profile_of


def handle(station: Station, payload: Payload) -> Reply:
    profile = payload.get("chargingProfile")
    by = Authorization(payload["idTag"], profile=profile_of(profile) if profile else None)
    connector = charging.for_remote_start(station, payload.get("connectorId"), by)
    if connector is None:
        return Reply({"status": "Rejected"})
    return Reply({"status": "Accepted"}, then=lambda: charging.start_remotely(station, connector, by))
