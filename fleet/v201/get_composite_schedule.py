"""GetCompositeSchedule (OCPP 2.0.1 K08): what the profiles together allow."""

from __future__ import annotations

from fleet import profiles
from fleet.clock import timestamp
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    evse_id, duration_s = payload["evseId"], payload["duration"]
    unit = payload.get("chargingRateUnit", "W")
    periods = profiles.composite(station, evse_id, duration_s, unit)
    if periods is None:
        return Reply({"status": "Rejected"})
    schedule = {
        "evseId": evse_id,
        "duration": duration_s,
        "scheduleStart": timestamp(),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    return Reply({"status": "Accepted", "schedule": schedule})
