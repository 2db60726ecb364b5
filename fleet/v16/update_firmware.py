"""UpdateFirmware (OCPP 1.6 §5.19): played as its sequence of statuses, from the date it is to be retrieved on."""

from __future__ import annotations

from fleet import activities
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v16 import firmware_status_notification as notification

STEPS = ["Downloading", "Downloaded", "Installing", activities.REBOOT, "Installed"]


def handle(station: Station, payload: Payload) -> Reply:
    async def update() -> None:
        activities.play(station, notification.NAME, STEPS, notification.request, at=payload["retrieveDate"])

    return Reply({}, then=update)
