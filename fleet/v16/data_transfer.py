"""DataTransfer (OCPP 1.6 §5.6): this charger has no vendor extensions."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    return Reply({"status": "UnknownVendorId"})
