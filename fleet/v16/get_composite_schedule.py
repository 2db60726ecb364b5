"""GetCompositeSchedule (OCPP 1.6 §5.7): what the profiles together allow."""

from __future__ import annotations

from fleet import profiles
from fleet.clock import timestamp
from fleet.frames import Payload
from fleet.link import Reply
from fleet.meter import NOMINAL_V
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    number, duration_s = payload["connectorId"], payload["duration"]
    connector = station.connectors[0] if number == 0 else station.connector(number)
    if connector is None:
        return Reply({"status": "Rejected"})
    unit = payload.get("chargingRateUnit", "W")
    most_w = station.plate.max_power_w if number == 0 else connector.max_power_w
    periods = [
        {"startPeriod": second, "limit": _in_unit(most_w if limit_w is None else limit_w, unit)}
        for second, limit_w in profiles.schedule(station, connector, duration_s)
    ]
    schedule = {"duration": duration_s, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    return Reply(
        {"status": "Accepted", "connectorId": number, "scheduleStart": timestamp(), "chargingSchedule": schedule}
    )


def _in_unit(power_w: float, unit: str) -> float:
    return round(power_w if unit == "W" else power_w / NOMINAL_V / profiles.DEFAULT_PHASES, 1)
