"""Changes of a charger's settings, and the timers that follow them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet import life, metering, transactions
from fleet.keys import Outcome, Setting
from fleet.station import Station


def change(station: Station, name: str, value: str) -> Outcome:
    """Sets a key for good; what runs by a setting that has another value now begins anew."""
    before = {setting: station.setting(setting) for setting in FOLLOWERS}
    outcome = _set(station, name, value)
    changed = [setting for setting, old in before.items() if station.setting(setting) != old]
    for follow in dict.fromkeys(FOLLOWERS[setting] for setting in changed):
        follow(station)
    return outcome


def _set(station: Station, name: str, value: str) -> Outcome:
    key = station.dialect.keys.find(name)
    if key is None:
        return Outcome.UNKNOWN
    if key.read_only or not key.accepts(value):
        return Outcome.REJECTED
    station.memory.keys[key.name] = value
    station.changed()
    return Outcome.REBOOT_REQUIRED if key.reboot else Outcome.ACCEPTED


def _follow_heartbeat(station: Station) -> None:
    if station.online:
        life.schedule_heartbeat(station)


FOLLOWERS: Mapping[Setting, Callable[[Station], None]] = {
    Setting.HEARTBEAT_INTERVAL: _follow_heartbeat,
    Setting.CLOCK_INTERVAL: metering.follow_clock,
    Setting.END_CLOCK_INTERVAL: metering.follow_clock,
    Setting.METER_INTERVAL: transactions.follow_interval,
    Setting.END_INTERVAL: transactions.follow_end_interval,
    Setting.END_MEASURANDS: transactions.follow_end_interval,
}
