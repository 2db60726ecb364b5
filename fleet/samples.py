"""What the meter of a connector reads: every sample that is reported is made here (OCPP 1.6 §3.16, 2.0.1 J01, J02).

Each version writes a sample in its own form. Those for the end of a transaction are kept with it until then.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum

from fleet import profiles
from fleet.clock import timestamp
from fleet.connector import Connector, Sample, Transaction
from fleet.keys import Setting
from fleet.station import Station

REGISTER = "Energy.Active.Import.Register"
UNITS: Mapping[str, str] = {
    REGISTER: "Wh",
    "Power.Active.Import": "W",
    "Power.Offered": "W",
    "Current.Import": "A",
    "Voltage": "V",
}
MEASURANDS = frozenset(UNITS)
MAX_KEPT = 100  # beyond it every second one between first and last goes (OCPP 2.0.1 E06.FR.12, E06.FR.13)


class Context(StrEnum):
    """Why a sample was taken (OCPP 1.6 §7.38 ReadingContext, 2.0.1 ReadingContextEnumType)."""

    BEGIN = "Transaction.Begin"
    END = "Transaction.End"
    PERIODIC = "Sample.Periodic"
    CLOCK = "Sample.Clock"
    TRIGGER = "Trigger"
    OTHER = "Other"


def take(
    station: Station, connector: Connector, wanted: Setting, context: Context, at: str | None = None
) -> Sample | None:
    """Reads the measurands that a setting lists; None where it lists none. `at` is the instant, if not now."""
    names = station.members(wanted)
    if not names and context is Context.TRIGGER:
        names = [REGISTER]  # who asks gets a reading
    if not names:
        return None
    if at is None:
        connector.meter.advance(time.monotonic())
    readings = {name: _reading(station, connector, name) for name in names}
    return {"at": at or timestamp(), "context": context.value, "readings": readings}


def keep(transaction: Transaction, sample: Sample | None) -> None:
    """Keeps a sample for the message that ends the transaction."""
    if sample is None:
        return
    transaction.samples.append(sample)
    if len(transaction.samples) > MAX_KEPT:
        del transaction.samples[1:-1:2]


def _reading(station: Station, connector: Connector, measurand: str) -> float:
    power_w, supply = connector.meter.power_w, connector.supply
    match measurand:
        case "Power.Active.Import":
            return round(power_w)
        case "Power.Offered":
            limit_w = profiles.limit(station, connector).power_w
            return connector.max_power_w if limit_w is None else round(min(limit_w, connector.max_power_w))
        case "Current.Import":
            return round(supply.amps(power_w, profiles.limit(station, connector).phases), 1)
        case "Voltage":
            return supply.voltage_v
    return connector.meter.register_wh
