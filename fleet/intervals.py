"""What a charger does again and again, as often as one of its settings says."""

from __future__ import annotations

from collections.abc import Callable

from fleet.clock import until_next
from fleet.keys import Setting
from fleet.station import Station


def repeat(station: Station, name: str, interval: Setting, then: Callable[[], None], *, by_clock: bool = False) -> None:
    """Does something at each interval from now on, or at the instants that divide the day by it; at 0 never."""

    async def due() -> None:
        repeat(station, name, interval, then, by_clock=by_clock)
        then()

    interval_s = station.number(interval)
    if interval_s > 0:
        station.after(name, until_next(interval_s) if by_clock else interval_s, due)
    else:
        station.cancel(name)
