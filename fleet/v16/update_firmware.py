"""UpdateFirmware (OCPP 1.6 §5.19): played as its sequence of statuses, from the date it is to be retrieved on."""

from __future__ import annotations

from datetime import UTC, datetime

from fleet import activities
from fleet.authorization import instant
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station
from fleet.v16 import firmware_status_notification as notification

STEPS = ["Downloading", "Downloaded", "Installing", activities.REBOOT, "Installed"]
LONGEST_DELAY_S = 30 * 86_400.0


def handle(station: Station, payload: Payload) -> Reply:
    wait_s = (instant(payload["retrieveDate"]) - datetime.now(UTC)).total_seconds()

    async def update() -> None:
        delay_s = min(max(0.0, wait_s), LONGEST_DELAY_S)
        activities.play(station, notification.NAME, STEPS, notification.request, delay_s=delay_s)

    return Reply({}, then=update)
