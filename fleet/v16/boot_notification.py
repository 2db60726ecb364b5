"""BootNotification (OCPP 1.6 §4.2): the charger introduces itself."""

from __future__ import annotations

from fleet.dialect import Request
from fleet.plate import Nameplate


def request(plate: Nameplate, reason: str) -> Request:
    return "BootNotification", {
        "chargePointVendor": plate.vendor[:20],
        "chargePointModel": plate.model[:20],
        "chargePointSerialNumber": plate.serial_number[:25],
        "firmwareVersion": plate.firmware_version[:50],
    }
