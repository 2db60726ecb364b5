"""RemoteStartTransaction (OCPP 1.6 §5.11)."""

from __future__ import annotations

from fleet import charging
from fleet.connector import Authorization, Connector
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.profiles import TX
from fleet.station import Station
from fleet.v16.set_charging_profile import profile_of


def handle(station: Station, payload: Payload) -> Reply:
    connector = _connector(station, payload.get("connectorId"))
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


def _connector(station: Station, number: int | None) -> Connector | None:
    """The connector to start on: the one named if it is free, else the first that has a cable, else any free one."""
    if number is not None:
        named = station.connector(number)
        return named if named is not None and named.is_free else None
    plugged = charging.first(station, lambda c: c.is_free and c.plugged)
    return plugged or charging.first(station, lambda c: c.is_free and c.reservation is None)
