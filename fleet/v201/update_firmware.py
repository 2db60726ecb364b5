"""UpdateFirmware (OCPP 2.0.1 L01): played as its sequence of statuses, on its dates."""

from __future__ import annotations

from fleet import activities
from fleet.activities import REBOOT, Step, Until
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import firmware_status_notification as notification


def handle(station: Station, payload: Payload) -> Reply:
    firmware, running = payload["firmware"], activities.last(station, notification.NAME) is not None
    report = notification.for_request(payload["requestId"])
    steps: list[Step] = [
        Until("DownloadScheduled", firmware["retrieveDateTime"]), "Downloading", "Downloaded",
        Until("InstallScheduled", firmware.get("installDateTime")), "Installing", "InstallRebooting", REBOOT,
        "Installed",
    ]  # fmt: skip

    async def update() -> None:
        activities.play(station, notification.NAME, steps, report)

    return Reply({"status": "AcceptedCanceled" if running else "Accepted"}, then=update)
