"""Meter values by the clock, of connectors with a transaction and of idle ones (OCPP 1.6 §3.16.2, 2.0.1 J01)."""

from __future__ import annotations

from functools import partial

from fleet import samples, transactions
from fleet.connector import Connector
from fleet.dialect import Trigger
from fleet.intervals import repeat
from fleet.keys import Setting
from fleet.samples import Context
from fleet.station import Station


def follow_clock(station: Station) -> None:
    """Reads the meters at the instants that divide the day by the intervals now in force."""
    repeat(station, "clock", Setting.CLOCK_INTERVAL, partial(_report, station), by_clock=True)
    repeat(station, "clock for the end", Setting.END_CLOCK_INTERVAL, partial(_keep, station), by_clock=True)


async def say(station: Station, connector: Connector, wanted: Setting, context: Context) -> None:
    """Sends what a meter reads outside a transaction."""
    sample = samples.take(station, connector, wanted, context)
    if sample is not None:
        await station.send(station.dialect.metered(connector, sample))


def _report(station: Station) -> None:
    charging = any(connector.transaction for connector in station.connectors)
    if charging and station.is_set(Setting.CLOCK_ONLY_WHEN_IDLE):
        return
    for connector in station.connectors:
        if connector.transaction is not None:
            transactions.sample(station, connector, Trigger.CLOCK)
        elif station.online:
            station.follow(partial(say, station, connector, Setting.CLOCK_MEASURANDS, Context.CLOCK))


def _keep(station: Station) -> None:
    for connector in station.connectors:
        if connector.transaction is not None:
            sample = samples.take(station, connector, Setting.END_CLOCK_MEASURANDS, Context.CLOCK)
            samples.keep(connector.transaction, sample)
            station.changed()
