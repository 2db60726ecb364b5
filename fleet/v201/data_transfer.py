"""DataTransfer (OCPP 2.0.1 P01): this charging station has no vendor extensions."""

from __future__ import annotations

from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    return Reply({"status": "UnknownVendorId"})
