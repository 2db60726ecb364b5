"""Charging profiles: which limit holds on a connector now, and when it changes (OCPP 1.6 §3.13, 2.0.1 K01).

Profiles are stored in OCPP 1.6's words; 2.0.1's are translated when they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from fleet.authorization import instant
from fleet.clock import timestamp
from fleet.connector import Connector
from fleet.frames import Payload
from fleet.station import Station
from fleet.supply import Supply

Profile = dict[str, Any]
Period = dict[str, Any]

STATION_MAX = "ChargePointMaxProfile"
TX_DEFAULT = "TxDefaultProfile"
TX = "TxProfile"

PERIOD_OF_RECURRENCY = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}
# what is advertised to the CSMS, and kept
MAX_PROFILES = 20
MAX_STACK_LEVEL = 10
MAX_PERIODS = 100
LONGEST_SCHEDULE_S = 366 * 86_400  # nobody plans further ahead, and a date has its end


@dataclass(frozen=True, slots=True)
class Limit:
    """A power limit; `lasts_s` until the profiles say something else, None when they never do.

    `phases` are those that it lets charge, None where it does not say.
    """

    power_w: float | None
    lasts_s: float | None = None
    phases: int | None = None


def limit(station: Station, connector: Connector, at: datetime | None = None) -> Limit:
    """What the profiles allow on a connector at an instant."""
    at = at or datetime.now(UTC)
    by_purpose = [_strongest(_applying(station, connector, purpose), connector, at) for purpose in (TX, TX_DEFAULT)]
    own = next((found for found in by_purpose if found.power_w is not None), by_purpose[1])
    share = _share(station, connector, at)
    return Limit(
        min((found.power_w for found in (own, share) if found.power_w is not None), default=None),
        min((found.lasts_s for found in (*by_purpose, share) if found.lasts_s is not None), default=None),
        min((found.phases for found in (own, share) if found.phases is not None), default=None),
    )


def station_limit(station: Station, at: datetime) -> Limit:
    """What the profiles allow the whole station at an instant."""
    own = [profile for profile in station.memory.profiles if profile["purpose"] == STATION_MAX]
    return _strongest(own, station.connectors[0], at)


def as_stored(profile: Payload, schedule: Payload, *, id: int, purpose: str) -> Profile:
    """A profile of a CSMS with one of its schedules; both versions write all but its id and purpose alike."""
    return {
        "id": id,
        "stack_level": profile["stackLevel"],
        "purpose": purpose,
        "kind": profile["chargingProfileKind"],
        "recurrency": profile.get("recurrencyKind"),
        "valid_from": profile.get("validFrom"),
        "valid_to": profile.get("validTo"),
        "start": schedule.get("startSchedule"),
        "received_at": timestamp(),
        "duration": schedule.get("duration"),
        "unit": schedule["chargingRateUnit"],
        "periods": [
            {"start": period["startPeriod"], "limit": period["limit"], "phases": period.get("numberPhases")}
            for period in schedule["chargingSchedulePeriod"]
        ],
    }


def why_not(station: Station, connector_number: int, profile: Profile) -> str | None:
    """What keeps a profile from being installed, as 2.0.1's reason code (Part 2 Appendix 5)."""
    if profile["stack_level"] > MAX_STACK_LEVEL:
        return "InvalidStackLevel"
    if len(profile["periods"]) > MAX_PERIODS:
        return "InvalidSchedule"
    if len(_beside(station, connector_number, profile)) >= MAX_PROFILES:
        return "TooManyElements"
    return None


def put(station: Station, connector_number: int, profile: Profile) -> None:
    """Installs a profile in place of the one with its id, or with its purpose and stack level on the connector."""
    station.memory.profiles = [
        *_beside(station, connector_number, profile),
        {**profile, "connector": connector_number},
    ]
    station.changed()


def remove(
    station: Station,
    *,
    id: int | None = None,
    connector_number: int | None = None,
    purpose: str | None = None,
    stack_level: int | None = None,
) -> int:
    """Removes the profiles that match all that is given; gives how many."""
    wanted = {"id": id, "connector": connector_number, "purpose": purpose, "stack_level": stack_level}
    given = {name: value for name, value in wanted.items() if value is not None}
    kept = [p for p in station.memory.profiles if any(p[name] != value for name, value in given.items())]
    removed = len(station.memory.profiles) - len(kept)
    station.memory.profiles = kept
    station.changed()
    return removed


def composite(station: Station, number: int, duration_s: int, unit: str) -> list[Period] | None:
    """What is allowed in the coming seconds, as both versions write it: on a connector, or at 0 on the whole station.

    None where there is no such connector.
    """
    connector = station.connectors[0] if number == 0 else station.connector(number)
    if connector is None:
        return None
    if number == 0:
        most_w, limit_at = station.plate.max_power_w, partial(station_limit, station)
    else:
        most_w, limit_at = connector.max_power_w, partial(limit, station, connector)
    return [
        _period(second, found, most_w, connector.supply if unit == "A" else None)
        for second, found in _schedule(limit_at, duration_s)
    ]


def _period(second: int, found: Limit, most_w: int, supply: Supply | None) -> Period:
    """A period in amperes of a supply, or in watts."""
    power_w = most_w if found.power_w is None else found.power_w
    limit = power_w if supply is None else supply.amps(power_w, found.phases)
    period: Period = {"startPeriod": second, "limit": round(limit, 1)}
    return period if found.phases is None else {**period, "numberPhases": found.phases}


def _schedule(limit_at: Callable[[datetime], Limit], duration_s: int) -> list[tuple[int, Limit]]:
    """The limits of the coming seconds, each with the second from which on it holds."""
    start = datetime.now(UTC)
    end_s = min(duration_s, LONGEST_SCHEDULE_S)
    periods: list[tuple[int, Limit]] = []
    second = 0.0
    while not periods or (second < end_s and len(periods) < MAX_PERIODS):
        found = limit_at(start + timedelta(seconds=second))
        if not periods or (periods[-1][1].power_w, periods[-1][1].phases) != (found.power_w, found.phases):
            periods.append((round(second), found))
        if found.lasts_s is None:
            break
        second += max(1.0, found.lasts_s)
    return periods


def _share(station: Station, connector: Connector, at: datetime) -> Limit:
    """A connector's part of the station's limit, which it shares evenly with those that have a transaction."""
    whole = station_limit(station, at)
    if whole.power_w is None:
        return whole
    sharing = sum(other is connector or other.transaction is not None for other in station.connectors)
    return replace(whole, power_w=whole.power_w / sharing)


def _beside(station: Station, connector_number: int, profile: Profile) -> list[Profile]:
    """The stored profiles that a new one does not replace."""
    place = (connector_number, profile["purpose"], profile["stack_level"])
    return [
        stored
        for stored in station.memory.profiles
        if stored["id"] != profile["id"] and (stored["connector"], stored["purpose"], stored["stack_level"]) != place
    ]


def _applying(station: Station, connector: Connector, purpose: str) -> list[Profile]:
    if purpose == TX and connector.transaction is None:
        return []
    return [
        profile
        for profile in station.memory.profiles
        if profile["purpose"] == purpose and profile["connector"] in (0, connector.number)
    ]


def _strongest(profiles: Iterable[Profile], connector: Connector, at: datetime) -> Limit:
    """The limit of the highest stack level that has one now; a profile of the connector beats one of the station."""
    ranked = sorted(profiles, key=lambda profile: (profile["stack_level"], profile["connector"]), reverse=True)
    limits = [_limit_of(profile, connector, at) for profile in ranked]
    strongest = next((found for found in limits if found.power_w is not None), Limit(None))
    lasts = [found.lasts_s for found in limits if found.lasts_s is not None]
    return replace(strongest, lasts_s=min(lasts, default=None))


def _limit_of(profile: Profile, connector: Connector, at: datetime) -> Limit:
    begins = instant(profile["valid_from"]) if profile["valid_from"] else None
    ends = instant(profile["valid_to"]) if profile["valid_to"] else None
    if begins is not None and at < begins:
        return Limit(None, (begins - at).total_seconds())
    if ends is not None and at >= ends:
        return Limit(None)
    elapsed_s = (at - _start(profile, connector, at)).total_seconds()
    found = _period_at(profile, connector, elapsed_s)
    period = PERIOD_OF_RECURRENCY.get(profile["recurrency"] or "")
    bounds = [found.lasts_s, (ends - at).total_seconds() if ends else None]
    if period is not None:
        bounds.append(period.total_seconds() - elapsed_s)
    return replace(found, lasts_s=min((s for s in bounds if s is not None), default=None))


def _start(profile: Profile, connector: Connector, at: datetime) -> datetime:
    """When the schedule's second 0 is (OCPP 1.6 §3.13.1)."""
    if profile["kind"] == "Relative":
        return instant(connector.transaction.started_at) if connector.transaction else at
    start = instant(profile["start"]) if profile["start"] else instant(profile["received_at"])
    period = PERIOD_OF_RECURRENCY.get(profile["recurrency"] or "")
    if profile["kind"] == "Recurring" and period is not None:
        return start + ((at - start) // period) * period
    return start


def _period_at(profile: Profile, connector: Connector, elapsed_s: float) -> Limit:
    duration_s = profile["duration"]
    if elapsed_s < 0:
        return Limit(None, -elapsed_s)
    if duration_s is not None and elapsed_s >= duration_s:
        return Limit(None)
    periods = profile["periods"]
    current = max((p for p in periods if p["start"] <= elapsed_s), key=lambda p: p["start"], default=None)
    changes = [p["start"] for p in periods if p["start"] > elapsed_s] + ([duration_s] if duration_s else [])
    lasts_s = min(changes) - elapsed_s if changes else None
    if current is None:
        return Limit(None, lasts_s)
    power_w = current["limit"]
    if profile["unit"] == "A":
        power_w = connector.supply.watts(power_w, current["phases"])
    return Limit(float(power_w), lasts_s, current["phases"])
