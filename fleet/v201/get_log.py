"""GetLog (OCPP 2.0.1 N01): the upload is played, no file leaves the simulator."""

from __future__ import annotations

from fleet import activities
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import log_status_notification as notification


def handle(station: Station, payload: Payload) -> Reply:
    running = activities.last(station, notification.NAME)
    report = notification.for_request(payload["requestId"])

    async def upload() -> None:
        if running is not None:
            station.say(notification.cancelled(running))
        activities.play(station, notification.NAME, ["Uploading", "Uploaded"], report)

    file_name = f"{station.plate.serial_number}-{payload['logType']}.log"
    return Reply({"status": "Accepted" if running is None else "AcceptedCanceled", "filename": file_name}, then=upload)
