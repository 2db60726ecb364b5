"""GetCompositeSchedule (OCPP 1.6 §5.7): what the profiles together allow."""

from __future__ import annotations

from fleet import profiles
from fleet.clock import timestamp
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    number, duration_s = payload["connectorId"], payload["duration"]
    unit = payload.get("chargingRateUnit", "W")
    periods = profiles.composite(station, number, duration_s, unit)
    if periods is None:
        return Reply({"status": "Rejected"})
    schedule = {"duration": duration_s, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    return Reply(
        {"status": "Accepted", "connectorId": number, "scheduleStart": timestamp(), "chargingSchedule": schedule}
    )
