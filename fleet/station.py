"""A charge point: what it is, what it is in, and how it speaks, whatever the version of OCPP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from fleet import bounds
from fleet.connector import Connector, Whole
from fleet.dialect import Dialect, Report, Request
from fleet.frames import Call, Payload, Violation, actions, check_call
from fleet.keys import Key, Setting
from fleet.link import CallFailed, Disconnected, Follow, Link, Reply, Unanswered
from fleet.memory import Entry, Memory
from fleet.network import PERFECT, Conditions, Network, conditions_of
from fleet.plate import Nameplate

log = logging.getLogger("chargeyard.fleet")

ACCEPTED = "Accepted"
REJECTED = "Rejected"


@dataclass(slots=True, eq=False)
class Activity:
    """What goes on beside charging, such as a firmware update; `last` is what it last reported."""

    name: str
    report: Report
    last: Request | None = None


class Recorder(Protocol):
    """Where a charger's life is written down. None of it blocks; `saved` waits for the disk."""

    def frame(self, station: Station, direction: str, action: str, text: str) -> None: ...
    def changed(self, station: Station) -> None: ...
    def status(self, station: Station, connector: Connector) -> None: ...
    async def saved(self, ids: Collection[str]) -> None: ...


Handler = Callable[["Station", Payload], Reply]


class Station:
    """One charge point. Everything happens on one event loop; `fleet.life` runs it."""

    __slots__ = (
        "_tasks", "_timers", "activities", "behind", "boot_reason", "closing", "connectors", "dialect",
        "handlers", "last_seen_at", "link", "memory", "network", "offline_since", "plate", "pumping", "recorder",
        "registration", "runtime_status", "speed", "waits_for_boot", "whole",
    )  # fmt: skip

    def __init__(
        self,
        plate: Nameplate,
        dialect: Dialect,
        handlers: Mapping[str, Handler],
        connectors: list[Connector],
        memory: Memory,
        recorder: Recorder,
        *,
        speed: float = 1.0,
    ) -> None:
        self.plate = plate
        self.dialect = dialect
        self.handlers = handlers
        self.connectors = connectors
        self.whole = Whole()
        self.memory = memory
        self.recorder = recorder
        self.speed = speed
        self.network = Network(conditions_of(memory.network), plate.identity)
        self.registration: str | None = None
        self.runtime_status = "STARTING"
        self.boot_reason = "PowerUp"
        self.link: Link | None = None
        self.last_seen_at: datetime | None = None
        self.closing: set[str] = set()  # why a restart waits until no transaction runs
        self.pumping = False
        self.behind: list[tuple[Entry, Follow]] = []
        self.offline_since: float | None = None
        self.waits_for_boot: list[Follow] = []  # what goes on once it is registered again
        self.activities: dict[str, Activity] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def version(self) -> str:
        return self.dialect.version

    @property
    def connected(self) -> bool:
        return self.link is not None

    @property
    def online(self) -> bool:
        """Connected and accepted: free to send whatever it has to say."""
        return self.link is not None and self.registration == ACCEPTED

    def setting(self, setting: Setting) -> str:
        """The value in force; empty where the version has no such key."""
        key = self.dialect.keys.by_setting.get(setting)
        return self.value(key) if key else ""

    def value(self, key: Key) -> str:
        """What a key of its version is set to."""
        stored = self.memory.keys.get(key.name)
        if stored is not None:
            return stored
        return key.default if isinstance(key.default, str) else key.default(self)

    def number(self, setting: Setting) -> int:
        return int(self.setting(setting) or 0)

    def is_set(self, setting: Setting) -> bool:
        return self.setting(setting).lower() == "true"

    def members(self, setting: Setting) -> list[str]:
        """The words of a setting that is a list."""
        return [word for part in self.setting(setting).split(",") if (word := part.strip())]

    def takes(self, real_s: float) -> float:
        """How long something takes that a real charger needs so long for."""
        return real_s / self.speed

    def connector(self, number: int) -> Connector | None:
        return self.connectors[number - 1] if 1 <= number <= len(self.connectors) else None

    async def call(self, request: Request) -> Payload:
        """The CSMS's answer. Raises CallFailed; an unanswered call gives the connection up."""
        if self.link is None:
            raise Disconnected
        link = self.link
        try:
            return await link.call(*request)
        except Unanswered:
            self.follow(link.close)  # its hand-shake takes time, and whoever called is to know before the next link
            raise

    async def send(self, request: Request) -> None:
        """A call whose answer says nothing."""
        await self.call(request)

    def say(self, request: Request) -> None:
        """Sends a message in the background, if the station may send now."""
        if self.online:
            self.follow(lambda: self.send(request))

    def answer(self, call: Call, text: str | bytes) -> Reply | None:
        """What it says to a CALL of the CSMS; None is silence. Raises Violation."""
        if self.registration == REJECTED:
            if self.version == "1.6":
                return None  # OCPP 1.6 §4.2: it shall not respond
            raise Violation("SecurityError", "the CSMS rejected this charging station")
        handler = self.handlers.get(call.action)
        if handler is None:
            known = call.action in actions(self.version)
            raise Violation("NotSupported" if known else "NotImplemented", f"{call.action[:64]} is not supported")
        bounds.check(self.dialect.bounds, call, text)
        check_call(self.version, call, text)
        return handler(self, call.payload)

    def log_frame(self, direction: str, action: str, text: str) -> None:
        self.last_seen_at = datetime.now(UTC)
        self.recorder.frame(self, direction, action, text)

    def follow(self, then: Follow) -> None:
        """Runs something in the background for as long as the power is on."""
        task = asyncio.get_running_loop().create_task(then())
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def after(self, name: str, delay_s: float, then: Follow) -> None:
        """Does something later, in place of what was to be done under this name."""
        self.cancel(name)
        self._timers[name] = asyncio.get_running_loop().call_later(delay_s, self._due, name, then)

    def cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def set_network(self, conditions: Conditions) -> None:
        """Puts the charger on another network, from its next frame on and for good."""
        self.memory.network = None if conditions == PERFECT else conditions.to_json()
        self.network = Network(conditions, self.plate.identity)
        if self.link is not None:
            self.link.network = self.network
        self.changed()

    def inherit(self, station: Station) -> None:
        """Takes over what another charge point, of which this is the new configuration, remembers."""
        for connector, own in zip(station.connectors, self.connectors, strict=True):
            connector.supply = own.supply
        self.connectors = station.connectors
        self.memory = station.memory

    def power_on(self) -> None:
        self.runtime_status = "RUNNING"
        self.closing.clear()
        self.registration = None
        self.boot_reason = "PowerUp"
        self.changed()

    def power_off(self) -> None:
        """Ends all that it does; what it remembers stays."""
        for task in self._tasks:
            task.cancel()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.waits_for_boot.clear()
        self.activities.clear()
        for connector in self.connectors:
            connector.authorization = None
        self.link = None
        self.changed()

    def changed(self) -> None:
        """Has the charger's state written with the next batch."""
        self.recorder.changed(self)

    def _due(self, name: str, then: Follow) -> None:
        self._timers.pop(name, None)
        self.follow(then)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CallFailed):
            log.debug("%s: %s", self.plate.identity, error)
        elif error is not None:
            log.error("%s: unexpected error", self.plate.identity, exc_info=error)
