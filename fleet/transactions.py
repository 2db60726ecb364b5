"""A transaction from its first message to its last (OCPP 1.6 §4.8, §4.10; 2.0.1 E01-E07)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from uuid import uuid4

from fleet import authorization, availability, outbox, profiles, samples, statuses
from fleet.clock import timestamp
from fleet.connector import Authorization, Connector, ConnectorStatus, Transaction
from fleet.dialect import StopReason, Trigger
from fleet.frames import Payload
from fleet.intervals import repeat
from fleet.keys import Setting
from fleet.memory import Entry
from fleet.samples import Context
from fleet.station import Station

log = logging.getLogger("chargeyard.fleet")

SHORTEST_CHECK_S = 0.05
DELIVERY_CHECK_S = 0.1

TIMERS = ("sample", "sample for the end", "limit", "energy", "profile")

# what is read for each cause of a report
READ_AT: Mapping[Trigger, tuple[Setting, Context]] = {
    Trigger.PERIODIC: (Setting.METER_MEASURANDS, Context.PERIODIC),
    Trigger.CLOCK: (Setting.CLOCK_MEASURANDS, Context.CLOCK),
    Trigger.TRIGGERED: (Setting.METER_MEASURANDS, Context.TRIGGER),
    Trigger.CHARGING_STATE: (Setting.METER_MEASURANDS, Context.OTHER),
}


def begin(station: Station, connector: Connector, by: Authorization) -> None:
    """Starts a transaction. The contactor closes when the CSMS has answered, or at once without a connection."""
    connector.meter.advance(time.monotonic())
    transaction = connector.transaction = _new(connector, by)
    connector.authorization = connector.reservation = None
    connector.finished = False
    if by.profile is not None:
        profiles.put(station, connector.number, by.profile)
    samples.keep(transaction, samples.take(station, connector, Setting.END_MEASURANDS, Context.BEGIN))
    first = samples.take(station, connector, Setting.START_MEASURANDS, Context.BEGIN)
    request = station.dialect.started(connector, transaction, first, offline=not station.online)
    outbox.post(station, transaction.id, outbox.START, request, token=transaction.token)
    limits_changed(station)  # it shares the station's limit from now on
    if station.online:
        resume(station)
    else:
        energize(station, connector)


def energize(station: Station, connector: Connector) -> None:
    """Closes the contactor: from here on the meter runs."""
    transaction = connector.transaction
    if transaction is None or transaction.energized:
        return
    transaction.energized = True
    changed(station, connector)
    _report_regularly(station, connector)
    _keep_regularly(station, connector)
    if transaction.stop_after_s is not None:
        station.after(f"limit {connector.number}", transaction.stop_after_s, lambda: _time_is_up(station, connector))


def changed(station: Station, connector: Connector) -> None:
    """Makes power, status and the transaction's charging state follow what happened to the connector."""
    _regulate(station, connector)
    statuses.report(station, connector)
    transaction = connector.transaction
    if transaction is not None and transaction.energized and transaction.state != connector.status:
        transaction.state = connector.status
        sample(station, connector, Trigger.CHARGING_STATE)


def sample(station: Station, connector: Connector, trigger: Trigger) -> None:
    """Reports the meter of a running transaction, as far as the version reports this trigger."""
    if connector.transaction is None:
        return
    taken = samples.take(station, connector, *READ_AT[trigger])
    request = station.dialect.updated(connector, connector.transaction, trigger, taken, offline=not station.online)
    if request is not None:
        outbox.post(station, connector.transaction.id, outbox.UPDATE, request)
        resume(station)


def end(station: Station, connector: Connector, reason: StopReason, *, token: str | None = None) -> None:
    """Ends the transaction; the cable stays in. `token` is who ended it, when somebody did."""
    if connector.transaction is not None:
        _end(station, connector, connector.transaction, reason, timestamp(), token)
        limits_changed(station)
        availability.apply(station)


def end_all(station: Station, reason: StopReason) -> None:
    for connector in station.connectors:
        end(station, connector, reason)


async def delivered(station: Station, within_s: float) -> None:
    """Waits until no message of a transaction waits, or so long."""
    for _ in range(round(within_s / DELIVERY_CHECK_S)):
        if not station.online or not station.memory.outbox:
            return
        await asyncio.sleep(DELIVERY_CHECK_S)


def limits_changed(station: Station) -> None:
    """Makes running transactions follow the charging profiles."""
    for connector in station.connectors:
        if connector.transaction is not None:
            changed(station, connector)


def follow_interval(station: Station) -> None:
    """Begins the interval of the meter values anew for every running transaction."""
    for connector in _charging(station):
        _report_regularly(station, connector)


def follow_end_interval(station: Station) -> None:
    """The same for the samples that are kept for the end."""
    for connector in _charging(station):
        _keep_regularly(station, connector)


def unplugged(station: Station, connector: Connector) -> None:
    """The cable is out; what the car wanted goes with it."""
    connector.plugged = connector.finished = False
    connector.ev_ready, connector.power_w = True, None
    connector.authorization = None
    changed(station, connector)


def recover(station: Station) -> None:
    """Ends what a cut of the power interrupted, with the meter as it was last written down and nothing added."""
    if station.memory.version not in (None, station.version):
        _drop_all(station)
    station.memory.version = station.version
    for connector in station.connectors:
        transaction = connector.transaction
        if transaction is not None:
            _end(station, connector, transaction, StopReason.POWER_LOSS, transaction.seen_at or timestamp(), None)


def went_offline(station: Station) -> None:
    """Lets transactions go on that waited for an answer of the CSMS."""
    for connector in station.connectors:
        energize(station, connector)


def resume(station: Station) -> None:
    """Delivers the messages that wait."""
    outbox.resume(station, _settled)


def _new(connector: Connector, by: Authorization) -> Transaction:
    return Transaction(
        id=str(uuid4()),
        connector_number=connector.number,
        token=by.token,
        token_type=by.token_type,
        started_at=timestamp(),
        meter_start_wh=connector.meter.register_wh,
        remote_start_id=by.remote_start_id,
        reservation_id=connector.reservation.id if connector.reservation else None,
        stop_after_wh=by.stop_after_wh,
        stop_after_s=by.stop_after_s,
    )


def _end(
    station: Station,
    connector: Connector,
    transaction: Transaction,
    reason: StopReason,
    at: str,
    token: str | None,
) -> None:
    connector.meter.aim(0, time.monotonic())
    samples.keep(transaction, samples.take(station, connector, Setting.END_MEASURANDS, Context.END, at))
    request = station.dialect.ended(connector, transaction, reason, token, at, offline=not station.online)
    outbox.post(station, transaction.id, outbox.STOP, request, token=token)
    _take_off(station, connector)
    resume(station)  # before the report, which goes behind the message of the end
    statuses.report(station, connector)


def _take_off(station: Station, connector: Connector) -> None:
    """Leaves a connector without a transaction, and without what belonged to it."""
    connector.transaction = None
    connector.finished = connector.plugged
    for name in TIMERS:
        station.cancel(f"{name} {connector.number}")
    profiles.remove(station, connector_number=connector.number, purpose=profiles.TX)


def _drop_all(station: Station) -> None:
    """Forgets messages and transactions of another version: this one has no words for them."""
    running = [connector for connector in station.connectors if connector.transaction is not None]
    for connector in running:
        connector.meter.aim(0, time.monotonic())
        _take_off(station, connector)
    waiting, station.memory.outbox = station.memory.outbox, []
    if running or waiting:
        log.warning(
            "%s speaks OCPP %s now: %s waiting messages and %s running transactions of OCPP %s are dropped",
            station.plate.identity, station.version, len(waiting), len(running), station.memory.version,
        )  # fmt: skip


def _regulate(station: Station, connector: Connector) -> None:
    """Aims the meter at the power that flows now, and wakes when a profile or the wanted energy changes it."""
    allowed = profiles.limit(station, connector)
    connector.evse_ready = allowed.power_w is None or allowed.power_w > 0
    power_w = 0.0
    if connector.status is ConnectorStatus.CHARGING:
        wanted_w = connector.max_power_w if connector.power_w is None else connector.power_w
        power_w = min(wanted_w, connector.max_power_w, *([] if allowed.power_w is None else [allowed.power_w]))
    connector.meter.aim(power_w, time.monotonic())
    if connector.transaction is None:
        return
    if allowed.lasts_s is not None:
        station.after(f"profile {connector.number}", allowed.lasts_s, lambda: _limit_changes(station, connector))
    _watch_energy(station, connector, connector.transaction)


def _watch_energy(station: Station, connector: Connector, transaction: Transaction) -> None:
    if transaction.stop_after_wh is None:
        return
    seconds = connector.meter.seconds_to(transaction.meter_start_wh + transaction.stop_after_wh)
    if seconds is None:
        station.cancel(f"energy {connector.number}")
    else:
        delay_s = max(SHORTEST_CHECK_S, seconds)
        station.after(f"energy {connector.number}", delay_s, lambda: _energy_is_due(station, connector))


async def _limit_changes(station: Station, connector: Connector) -> None:
    changed(station, connector)


def _charging(station: Station) -> list[Connector]:
    return [c for c in station.connectors if c.transaction is not None and c.transaction.energized]


def _report_regularly(station: Station, connector: Connector) -> None:
    repeat(station, f"sample {connector.number}", Setting.METER_INTERVAL, lambda: _report(station, connector))


def _keep_regularly(station: Station, connector: Connector) -> None:
    name = f"sample for the end {connector.number}"
    if station.members(Setting.END_MEASURANDS):
        repeat(station, name, Setting.END_INTERVAL, lambda: _keep(station, connector))
    else:
        station.cancel(name)


def _report(station: Station, connector: Connector) -> None:
    sample(station, connector, Trigger.PERIODIC)


def _keep(station: Station, connector: Connector) -> None:
    if connector.transaction is not None:
        taken = samples.take(station, connector, Setting.END_MEASURANDS, Context.PERIODIC)
        samples.keep(connector.transaction, taken)
        station.changed()


async def _time_is_up(station: Station, connector: Connector) -> None:
    end(station, connector, StopReason.TIME_LIMIT)
    unplugged(station, connector)


async def _energy_is_due(station: Station, connector: Connector) -> None:
    transaction = connector.transaction
    if transaction is None or transaction.stop_after_wh is None:
        return
    connector.meter.advance(time.monotonic())
    if connector.meter.register_wh < int(transaction.meter_start_wh + transaction.stop_after_wh):
        _watch_energy(station, connector, transaction)
        return
    end(station, connector, StopReason.ENERGY_LIMIT)
    unplugged(station, connector)


def _settled(station: Station, entry: Entry, answer: Payload | None) -> None:
    """A message of a transaction was answered, or given up."""
    connector = next((c for c in station.connectors if c.transaction and c.transaction.id == entry["tx"]), None)
    info = station.dialect.token_info(answer) if answer is not None else None
    if entry["kind"] == outbox.START and answer is not None:
        _number(station, connector, entry["tx"], station.dialect.transaction_number(answer))
    if info is not None and entry["token"] is not None:
        authorization.remember(station, entry["token"], info)
    if connector is None:
        return
    if info is not None and not info.accepted:
        _refused(station, connector)
    elif entry["kind"] == outbox.START:
        energize(station, connector)


def _number(station: Station, connector: Connector | None, transaction_id: str, number: int | None) -> None:
    if number is None:
        return
    if connector is not None and connector.transaction is not None:
        connector.transaction.number = number
    for waiting in station.memory.outbox:
        if waiting["tx"] == transaction_id:
            station.dialect.number(number, waiting["payload"])


def _refused(station: Station, connector: Connector) -> None:
    """The CSMS does not accept the token of a running transaction (OCPP 1.6 §4.8, 2.0.1 E05)."""
    if station.is_set(Setting.STOP_ON_INVALID_TOKEN):
        end(station, connector, StopReason.DEAUTHORIZED)
    elif connector.transaction is not None:
        connector.transaction.deauthorized = connector.transaction.energized = True
        changed(station, connector)
