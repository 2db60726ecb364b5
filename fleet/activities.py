"""What a charger does beside charging, played as its sequence of statuses: firmware updates, uploads of logs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fleet import life
from fleet.authorization import instant
from fleet.dialect import Request
from fleet.station import Station

STEP_S = 1.0  # how long each status lasts
LONGEST_DELAY_S = 30 * 86_400.0  # asyncio's timers lose precision far ahead

REBOOT = "reboot"  # a step that reports nothing and restarts the charger


@dataclass(frozen=True, slots=True)
class Until:
    """A status that lasts until an instant, and is left out where none is given or when it is over."""

    status: str
    at: str | None


Step = str | Until
Report = Callable[[str], Request]


def play(station: Station, name: str, steps: Sequence[Step], report: Report, *, at: str | None = None) -> None:
    """Reports one status after the other, from now or an instant on, in place of what this activity was at before."""
    station.after(name, _left_s(at), lambda: _play(station, name, steps, report))


def last(station: Station, name: str) -> Request | None:
    """What an activity under way last reported."""
    return station.activities.get(name)


async def _play(station: Station, name: str, steps: Sequence[Step], report: Report) -> None:
    """Takes the first step; the timer of the next is what another activity of this name replaces."""
    if not steps:
        station.activities.pop(name, None)
        return
    step, *left = steps
    if step == REBOOT:
        await life.restart_when_idle(station, "FirmwareUpdate", then=lambda: _play(station, name, left, report))
        return
    status, lasts_s = (step.status, _left_s(step.at)) if isinstance(step, Until) else (step, station.takes(STEP_S))
    if lasts_s > 0:
        station.activities[name] = report(status)
        station.say(station.activities[name])
    station.after(name, lasts_s, lambda: _play(station, name, left, report))


def _left_s(at: str | None) -> float:
    left_s = (instant(at) - datetime.now(UTC)).total_seconds() if at else 0.0
    return min(max(0.0, left_s), LONGEST_DELAY_S)
