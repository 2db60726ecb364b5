"""Transaction messages on their way: kept on disk, delivered in order, tried again (OCPP 1.6 §3.7, 2.0.1 E04, E13).

A message is on disk before it goes out, so that a cut of the power loses none; the CSMS may see one twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from fleet.dialect import Request
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import CallFailed, Disconnected, Follow, Unanswered
from fleet.memory import Entry
from fleet.station import Station

log = logging.getLogger("chargeyard.fleet")

MAX_WAITING = 1_000  # beyond it every second meter message goes (OCPP 2.0.1 E04.FR.07); starts and stops never do

START, UPDATE, STOP = "start", "update", "stop"

Settled = Callable[[Station, Entry, Payload | None], None]  # with the answer, or None when there will be none


def post(station: Station, transaction_id: str, kind: str, request: Request, *, token: str | None = None) -> None:
    """Queues a message of a transaction; `kind` is START, UPDATE or STOP, `token` what its answer judges."""
    action, payload = request
    entry = {"tx": transaction_id, "kind": kind, "action": action, "payload": payload, "token": token}
    station.memory.outbox.append(entry)
    if len(station.memory.outbox) > MAX_WAITING:
        _thin_out(station)
    station.changed()


def resume(station: Station, settled: Settled) -> None:
    """Delivers what waits, when the station may send and nobody delivers already."""
    if station.online and station.memory.outbox and not station.pumping:
        station.pumping = True
        station.follow(lambda: _deliver(station, settled))


def say_behind(station: Station, say: Follow) -> None:
    """Sends a message after the transaction messages that are under way, as their order in time is.

    It does not wait while one of them is tried again, and like every message that is not kept it goes with the
    connection.
    """
    if station.pumping and station.memory.outbox:
        station.behind.append((station.memory.outbox[-1], say))
    else:
        station.follow(say)


def is_waiting(station: Station, transaction_id: str) -> bool:
    """Whether messages of this transaction have not been answered yet."""
    return any(entry["tx"] == transaction_id for entry in station.memory.outbox)


async def _deliver(station: Station, settled: Settled) -> None:
    try:
        while station.online and station.memory.outbox:
            await station.recorder.saved([station.plate.id])
            entry = station.memory.outbox[0]
            answer = await _send(station, entry)
            station.memory.outbox = [waiting for waiting in station.memory.outbox if waiting is not entry]
            station.changed()
            settled(station, entry, answer)
    finally:
        station.pumping = False
        station.behind.clear()


async def _send(station: Station, entry: Entry) -> Payload | None:
    """The answer, or None when the CSMS refused it as often as it is to be tried.

    Raises Disconnected or Unanswered when it is to be sent over another connection.
    """
    attempts = max(1, station.number(Setting.MESSAGE_ATTEMPTS))
    for attempt in range(attempts):
        await asyncio.sleep(station.number(Setting.MESSAGE_RETRY_INTERVAL) * attempt)
        if not station.online:  # it may have to boot first, and resumes then
            raise Disconnected
        try:
            answer = await station.call((entry["action"], entry["payload"]))
        except (Disconnected, Unanswered):
            raise
        except CallFailed as failure:
            log.info("%s: %s failed: %s", station.plate.identity, entry["action"], failure)
            _release(station)
        else:
            _release(station)
            return answer
    return None


def _release(station: Station) -> None:
    """Sends what waited behind the first message, which has been tried."""
    untried = {id(entry) for entry in station.memory.outbox[1:]}
    while station.behind and id(station.behind[0][0]) not in untried:
        station.follow(station.behind.pop(0)[1])


def _thin_out(station: Station) -> None:
    updates = [entry for entry in station.memory.outbox[1:] if entry["kind"] == UPDATE]
    dropped = {id(entry) for entry in updates[::2]}
    station.memory.outbox = [entry for entry in station.memory.outbox if id(entry) not in dropped]
