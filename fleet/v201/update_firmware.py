"""UpdateFirmware (OCPP 2.0.1 L01): played as its sequence of statuses."""

from __future__ import annotations

from datetime import UTC, datetime

from fleet import activities
from fleet.authorization import instant
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v201 import firmware_status_notification as notification

STEPS = ["Downloading", "Downloaded", "Installing", "InstallRebooting", activities.REBOOT, "Installed"]
LONGEST_DELAY_S = 30 * 86_400.0


def handle(station: Station, payload: Payload) -> Reply:
    running = activities.last(station, notification.NAME) is not None
    wait_s = (instant(payload["firmware"]["retrieveDateTime"]) - datetime.now(UTC)).total_seconds()
    report = notification.for_request(payload["requestId"])

    async def update() -> None:
        delay_s = min(max(0.0, wait_s), LONGEST_DELAY_S)
        activities.play(station, notification.NAME, STEPS, report, delay_s=delay_s)

    return Reply({"status": "AcceptedCanceled" if running else "Accepted"}, then=update)
