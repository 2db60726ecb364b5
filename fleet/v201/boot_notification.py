"""BootNotification (OCPP 2.0.1 B01): the charging station introduces itself."""

from __future__ import annotations

from fleet.dialect import Request
from fleet.plate import Nameplate


def request(plate: Nameplate, reason: str) -> Request:
    charging_station = {
        "vendorName": plate.vendor[:50],
        "model": plate.model[:20],
        "serialNumber": plate.serial_number[:25],
        "firmwareVersion": plate.firmware_version[:50],
    }
    return "BootNotification", {"reason": reason, "chargingStation": charging_station}
