"""RemoteStartTransaction (OCPP 1.6 §5.11)."""

from __future__ import annotations

from fleet import charging
from fleet.connector import Authorization
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.profiles import TX
from fleet.station import Station
from fleet.v16.set_charging_profile import profile_of


def handle(station: Station, payload: Payload) -> Reply:
    connector = charging.for_remote_start(station, payload.get("connectorId"), payload["idTag"])
    profile = payload.get("chargingProfile")
    if connector is None or not station.online or (profile and profile["chargingProfilePurpose"] != TX):
        return Reply({"status": "Rejected"})
    by = Authorization(payload["idTag"], profile=profile_of(profile) if profile else None)

    async def start() -> None:
        if station.is_set(Setting.AUTHORIZE_REMOTE):
            await charging.present(station, connector, by)
        else:
            charging.start_when_plugged(station, connector, by)

    return Reply({"status": "Accepted"}, then=start)
