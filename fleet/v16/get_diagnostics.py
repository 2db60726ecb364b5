"""GetDiagnostics (OCPP 1.6 §5.9): the upload is played, no file leaves the simulator."""

from __future__ import annotations

from fleet import activities
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v16 import diagnostics_status_notification as notification


def handle(station: Station, payload: Payload) -> Reply:
    async def upload() -> None:
        activities.play(station, notification.NAME, ["Uploading", "Uploaded"], notification.request)

    return Reply({"fileName": f"{station.plate.serial_number}-diagnostics.log"}, then=upload)
