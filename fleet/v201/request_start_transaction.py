"""RequestStartTransaction (OCPP 2.0.1 F01, F02)."""

from __future__ import annotations

from fleet import charging
from fleet.connector import Authorization, Connector
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.profiles import TX
from fleet.station import Station
from fleet.v201.set_charging_profile import profile_of


def handle(station: Station, payload: Payload) -> Reply:
    connector = _connector(station, payload.get("evseId"))
    profile = payload.get("chargingProfile")
    if connector is None or not station.online or (profile and profile["chargingProfilePurpose"] != TX):
        return Reply({"status": "Rejected"})
    token = payload["idToken"]
    by = Authorization(
        token["idToken"],
        token["type"],
        remote_start_id=payload["remoteStartId"],
        profile=profile_of(profile) if profile else None,
    )

    async def start() -> None:
        if station.is_set(Setting.AUTHORIZE_REMOTE) and by.token_type != "NoAuthorization":
            await charging.present(station, connector, by)
        else:
            charging.start_when_plugged(station, connector, by)

    return Reply({"status": "Accepted"}, then=start)


def _connector(station: Station, evse_id: int | None) -> Connector | None:
    if evse_id is not None:
        named = station.connector(evse_id)
        return named if named is not None and named.is_free else None
    plugged = charging.first(station, lambda c: c.is_free and c.plugged)
    return plugged or charging.first(station, lambda c: c.is_free and c.reservation is None)
