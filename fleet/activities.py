"""What a charger does beside charging, played as its sequence of statuses: firmware updates, uploads of logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fleet import life
from fleet.authorization import instant
from fleet.dialect import Report, Request
from fleet.station import Activity, Station

STEP_S = 1.0  # how long each status lasts
LONGEST_DELAY_S = 30 * 86_400.0  # asyncio's timers lose precision far ahead

REBOOT = "reboot"  # a step that reports nothing and restarts the charger
REBOOT_REASON = "FirmwareUpdate"


@dataclass(frozen=True, slots=True)
class Until:
    """A status that lasts until an instant, and is left out where none is given or when it is over."""

    status: str
    at: str | None


Step = str | Until


def play(station: Station, name: str, steps: Sequence[Step], report: Report, *, at: str | None = None) -> None:
    """Reports one status after the other, from now or an instant on, in place of what this activity was at before."""
    activity = station.activities[name] = Activity(name, report)
    if REBOOT in steps:
        life.call_off_restart(station, REBOOT_REASON)
    station.after(name, _left_s(at), lambda: _play(station, activity, steps))


def last(station: Station, name: str) -> Request | None:
    """What an activity under way last reported."""
    activity = station.activities.get(name)
    return activity.last if activity else None


async def _play(station: Station, activity: Activity, steps: Sequence[Step]) -> None:
    """Takes the first step; the timer of the next is what another activity of this name replaces."""
    if station.activities.get(activity.name) is not activity:
        return  # another took its place while it waited for the boot
    if not steps:
        del station.activities[activity.name]
        return
    step, *left = steps
    if step == REBOOT:
        await life.restart_when_idle(station, REBOOT_REASON, then=lambda: _play(station, activity, left))
        return
    status, lasts_s = (step.status, _left_s(step.at)) if isinstance(step, Until) else (step, station.takes(STEP_S))
    if lasts_s > 0:
        activity.last = activity.report(status)
        station.say(activity.last)
    station.after(activity.name, lasts_s, lambda: _play(station, activity, left))


def _left_s(at: str | None) -> float:
    left_s = (instant(at) - datetime.now(UTC)).total_seconds() if at else 0.0
    return min(max(0.0, left_s), LONGEST_DELAY_S)
