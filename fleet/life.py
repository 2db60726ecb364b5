"""The life of a charge point with its power on: connect, boot, beat, and come back when the connection is lost."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

import aiohttp

from fleet import availability, metering, reservations, statuses, transactions
from fleet.chance import Chance
from fleet.dialect import StopReason
from fleet.keys import Setting
from fleet.link import CallFailed, Disconnected, Follow, Link
from fleet.station import ACCEPTED, Station
from fleet.uplink import Uplink

log = logging.getLogger("chargeyard.fleet")

BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 60.0
BOOT_RETRY_S = 60.0  # when the CSMS names no interval
REBOOT_S = 1.0  # how long a reset takes
FAREWELL_S = 5.0  # what a charger that is told to reset gives its last messages
IDLE_CHECK_S = 1.0


async def run(station: Station, uplink: Uplink) -> None:
    """Keeps it connected until it is cancelled, which is a cut of its power."""
    chance = Chance(station.network.conditions.seed, station.plate.identity + "/backoff")
    attempt = 0
    station.power_on()
    availability.apply(station)
    transactions.recover(station)
    reservations.resume(station)
    metering.follow_clock(station)
    try:
        while True:
            attempt = 0 if await _one_connection(station, uplink) else attempt + 1
            delay_s = min(BACKOFF_MAX_S, station.takes(BACKOFF_FIRST_S) * 2 ** min(attempt, 20))
            await asyncio.sleep(chance.between(delay_s / 2, delay_s))
    finally:
        station.power_off()


async def boot(station: Station) -> None:
    """Sends BootNotification and does as the answer says (OCPP 1.6 §4.2, 2.0.1 B01-B03)."""
    station.cancel("boot")  # the CSMS may have asked for this one before the next was due
    try:
        answer = await station.call(station.dialect.boot(station.plate, station.boot_reason))
    except Disconnected:
        return
    except CallFailed as failure:
        log.info("%s could not boot: %s", station.plate.identity, failure)
        station.after("boot", station.takes(BOOT_RETRY_S), lambda: boot(station))
        return
    station.registration = answer["status"]
    if station.registration != ACCEPTED:
        interval_s = answer["interval"] if answer["interval"] > 0 else BOOT_RETRY_S
        station.after("boot", interval_s, lambda: boot(station))
        return
    statuses.forget_told(station)  # a CSMS expects every status after a boot
    station.boot_reason = "Unknown"  # of the next, unless a reset or a cut of the power gives one
    if answer["interval"] > 0:
        key = station.dialect.keys.by_setting[Setting.HEARTBEAT_INTERVAL]
        station.memory.keys[key.name] = str(answer["interval"])
    _registered(station)


def schedule_heartbeat(station: Station) -> None:
    """Starts the interval anew, with the value now in force; 0 sends none."""
    interval_s = station.number(Setting.HEARTBEAT_INTERVAL)
    if interval_s > 0:
        station.after("heartbeat", interval_s, lambda: _beat(station))
    else:
        station.cancel("heartbeat")


def restart(station: Station, reason: str) -> None:
    """Reboots: the connection ends, and the next begins with a BootNotification that names the reason."""
    station.registration = None
    station.boot_reason = reason
    station.closing.clear()
    availability.apply(station)
    for connector in station.connectors:
        connector.authorization = None
    if station.link is not None:
        station.after("reboot", station.takes(REBOOT_S), station.link.close)


async def restart_after_farewell(station: Station, reason: StopReason) -> None:
    """Ends all transactions, gives their last messages a moment, and reboots."""
    transactions.end_all(station, reason)
    await transactions.delivered(station, FAREWELL_S)
    restart(station, "RemoteReset")
    transactions.end_all(station, reason)  # what began meanwhile; its messages wait until it is back


async def restart_when_idle(station: Station, reason: str, *, then: Follow | None = None) -> None:
    """Reboots once no transaction runs and none has a message that can be sent now; goes on with `then` after the boot.

    Each reason has a wait of its own, so that a reset does not take the place of an update, which has to go on.
    """
    if any(connector.transaction for connector in station.connectors) or (station.online and station.memory.outbox):
        station.closing.add(reason)
        availability.apply(station)
        delay_s = station.takes(IDLE_CHECK_S)
        station.after(f"restart for {reason}", delay_s, lambda: restart_when_idle(station, reason, then=then))
        return
    if then is not None:
        station.waits_for_boot.append(then)
    restart(station, reason)


def call_off_restart(station: Station, reason: str) -> None:
    """Waits no more to reboot for this reason; the connectors are in service again unless another restart waits."""
    station.cancel(f"restart for {reason}")
    station.closing.discard(reason)
    availability.apply(station)


async def _one_connection(station: Station, uplink: Uplink) -> bool:
    """One connection from its opening to its end. False when nobody was there, or nobody who answers."""
    arrival = Arrival(uplink.gate(station.plate.ws_url))
    await arrival.begin()
    try:
        station.link = link = await _connect(station, uplink)
        station.last_seen_at = datetime.now(UTC)
        station.changed()
        station.follow(lambda: _arrive(station, arrival))
        await link.read()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
        log.debug("%s is not connected: %s", station.plate.identity, exc)
        return False
    finally:
        arrival.end()
        _disconnected(station)
    return link.answered


async def _connect(station: Station, uplink: Uplink) -> Link:
    if station.network.refuses():
        raise ConnectionRefusedError("the simulated network refused the connection")
    subprotocol, password = station.dialect.subprotocol, station.setting(Setting.PASSWORD)
    websocket = await uplink.connect(
        station.plate.ws_url,
        station.plate.identity,
        subprotocol=subprotocol,
        password=station.dialect.password(password) if password else None,
        ping_s=station.number(Setting.PING_INTERVAL),
    )
    if websocket.protocol != subprotocol:
        await websocket.close(code=aiohttp.WSCloseCode.PROTOCOL_ERROR)
        raise ConnectionError(f"the CSMS does not speak {subprotocol}")
    return Link(websocket, station, station.network)


async def _arrive(station: Station, arrival: Arrival) -> None:
    """Registers on a new connection.

    A station that lost only its connection announces itself again, as most CSMS expect of a new connection, but not
    in a transaction: a boot would say that the transaction was interrupted.
    """
    try:
        if station.registration == ACCEPTED and any(c.transaction for c in station.connectors):
            if _was_long_offline(station):
                statuses.forget_told(station)
            _registered(station)
        else:
            station.registration = None
            await boot(station)
    finally:
        arrival.end()


def _registered(station: Station) -> None:
    """Tells the CSMS the statuses that it does not know, and goes on."""
    station.changed()
    schedule_heartbeat(station)
    statuses.catch_up(station)
    transactions.resume(station)
    waiting, station.waits_for_boot = station.waits_for_boot, []
    for then in waiting:
        station.follow(then)


def _was_long_offline(station: Station) -> bool:
    """Whether the CSMS is to be told all statuses, not only those that changed meanwhile (OCPP 2.0.1 B04)."""
    threshold = station.setting(Setting.OFFLINE_THRESHOLD)
    since = station.offline_since
    return bool(threshold) and since is not None and time.monotonic() - since > int(threshold)


async def _beat(station: Station) -> None:
    """Shows the CSMS that it is there, unless another message does (OCPP 1.6 §4.6, 2.0.1 G02)."""
    schedule_heartbeat(station)
    if station.online and station.link is not None and not station.link.is_calling:
        await station.call(station.dialect.heartbeat())


def _disconnected(station: Station) -> None:
    if station.link is None:
        return
    station.link = None
    station.offline_since = time.monotonic()
    station.cancel("heartbeat")
    station.cancel("boot")
    transactions.went_offline(station)
    station.changed()


class Arrival:
    """A charger's place among those that connect; given up once it has booted or failed."""

    __slots__ = ("_gate", "_held")

    def __init__(self, gate: asyncio.Semaphore) -> None:
        self._gate = gate
        self._held = False

    async def begin(self) -> None:
        await self._gate.acquire()
        self._held = True

    def end(self) -> None:
        if self._held:
            self._held = False
            self._gate.release()
