"""The time of day, as OCPP writes it and as a charger's clock divides it."""

from __future__ import annotations

from datetime import UTC, datetime

SOONEST_S = 0.05  # a timer that fired a little early shall not fire twice for one instant


def timestamp() -> str:
    """Now, as OCPP writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def until_next(interval_s: int) -> float:
    """Seconds to the next of the instants that divide the day from midnight UTC on (OCPP 1.6 §3.16.2, 2.0.1 J01)."""
    now = datetime.now(UTC)
    since_midnight_s = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    left_s = interval_s - since_midnight_s % interval_s
    return left_s if left_s > SOONEST_S else left_s + interval_s
