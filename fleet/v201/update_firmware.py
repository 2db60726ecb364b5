"""UpdateFirmware (OCPP 2.0.1 L01): played as its sequence of statuses."""

from __future__ import annotations

from fleet import activities
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import firmware_status_notification as notification

STEPS = ["Downloading", "Downloaded", "Installing", "InstallRebooting", activities.REBOOT, "Installed"]


def handle(station: Station, payload: Payload) -> Reply:
    running = activities.last(station, notification.NAME) is not None
    report = notification.for_request(payload["requestId"])

    async def update() -> None:
        activities.play(station, notification.NAME, STEPS, report, at=payload["firmware"]["retrieveDateTime"])

    return Reply({"status": "AcceptedCanceled" if running else "Accepted"}, then=update)
