"""BootNotification (OCPP 2.0.1 B01): the charging station introduces itself."""

from __future__ import annotations

from fleet.dialect import Request
from fleet.station import Station


def request(station: Station) -> Request:
    plate = station.plate
    charging_station = {
        "vendorName": plate.vendor[:50],
        "model": plate.model[:20],
        "serialNumber": plate.serial_number[:25],
        "firmwareVersion": plate.firmware_version[:50],
    }
    return "BootNotification", {"reason": station.boot_reason, "chargingStation": charging_station}
