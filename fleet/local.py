"""Charge points as tasks of this process, and this process as one of those that share them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, NoReturn
from uuid import uuid4

from errors import Conflict
from fleet import commands
from fleet.charging import Refused
from fleet.loops import forever
from fleet.mailbox import Mailbox
from fleet.runtimes import Runtimes
from fleet.uplink import Uplink
from fleet.writer import Writer
from settings import Settings
from storage import fleet as rows
from storage import mailbox
from storage.batches import batches
from storage.database import Database
from storage.models import Charger, RuntimeStatus, utc_now
from storage.session import ALL_TENANTS

TICK_S = 1.0
RENEW_S = 2.0  # a few of them fit in a lease
LEASE = timedelta(seconds=10)  # a process that is silent for so long is dead, and its chargers go to the others
CLAIM_AT_ONCE = 500
SHED_AT_ONCE = 200
SHED_ABOVE = 1.1  # of the fair share: a process that joins takes chargers over, but none wander for a few
WATCH_S = 1.0
SWEEP_S = 60.0
SWEEP_AT_ONCE = 20_000
RESTART = "restart"


class LocalFleet:
    """Runs every local charger whose row says so. On PostgreSQL several processes share them, each by its lease."""

    def __init__(self, database: Database, settings: Settings, *, choice: rows.Choice = rows.LOCAL) -> None:
        self.node_id = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid4().hex[:8]}"
        self._database = database
        self._settings = settings
        self._choice = choice
        self._uplink = Uplink(password=settings.charger_password.get_secret_value(), ca_file=settings.csms_ca_file)
        self._writer = Writer(database, self.node_id)
        self._runtimes = Runtimes(self._uplink, self._writer, speed=settings.charger_speed)
        self._mailbox = Mailbox(database, self.node_id, self._execute)
        self._nodes = 1
        self._loops: list[asyncio.Task[NoReturn]] = []
        self._turn = asyncio.Lock()
        self._to_restart: set[str] = set()

    async def start(self) -> None:
        """Starts the chargers that should run and that no other process runs."""
        if not self._database.is_sqlite:
            self._mailbox.start()
        if not self._settings.fleet:
            return
        await self._uplink.open()
        self._writer.start()
        if self._database.is_sqlite:
            async with self._database.write(ALL_TENANTS) as session:
                await rows.bury_others(session, self.node_id)
        turns = [("the fleet's tick", self._tick), ("the sweep of frames", self._sweep)]
        if not self._database.is_sqlite:
            turns.append(("the lease", self._stay))
        self._loops = [asyncio.create_task(forever(what, turn)) for what, turn in turns]

    async def stop(self) -> None:
        """Disconnects every charge point and leaves them to the other processes."""
        await self._mailbox.stop()
        if not self._loops:
            return
        for loop in self._loops:
            loop.cancel()
        await asyncio.wait(self._loops)
        await self._runtimes.halt(list(self._runtimes), RuntimeStatus.STARTING)
        await self._writer.stop()
        await self._uplink.close()
        async with self._database.write(ALL_TENANTS) as session:
            await rows.leave(session, self.node_id)

    async def apply(self, charger_ids: Sequence[str]) -> None:
        """Makes these chargers match their rows at once; those of other processes follow within a second or two."""
        if not self._loops or not charger_ids:
            return
        async with self._turn:
            if self._nodes == 1:  # otherwise each process takes its share at its next tick
                async with self._database.write(ALL_TENANTS) as session:
                    for some in batches(charger_ids):
                        await rows.claim(session, self.node_id, self._choice, len(some), some)
            await self._match(charger_ids)

    async def restart(self, charger: Charger) -> None:
        """Cuts the power of a running charger and gives it back."""
        if self._runtimes.station(charger.id) is not None:
            await self._restart(charger.id)
        elif self._runs_elsewhere(charger):
            await self._mailbox.send(charger, RESTART, {})

    async def facts(self, charger: Charger) -> dict[str, Any]:
        """What this provider says of a charger's runtime (REST contract §5.7)."""
        return {
            "provider": charger.provider,
            "runtime_kind": "task",
            "service_name": f"charger-{charger.identity}",
            "desired_count": int(charger.desired_running),
            "status": charger.runtime_status,
        }

    async def command(self, charger: Charger, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Has a charger do something. Raises Conflict with the reason why it can't, Unavailable without an answer."""
        if self._runtimes.station(charger.id) is None and self._runs_elsewhere(charger):
            return await self._mailbox.send(charger, name, arguments)
        return await self._execute(charger.id, name, arguments)

    async def written(self) -> None:
        """Waits for the next batch of this process; those of others come within the time of a look."""
        await self._writer.written(WATCH_S)

    def _runs_elsewhere(self, charger: Charger) -> bool:
        return not self._database.is_sqlite and charger.node_id not in (None, self.node_id) and charger.desired_running

    async def _execute(self, charger_id: str, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        station = self._runtimes.station(charger_id)
        if station is None:
            raise Conflict("The charger is not running; start it first.")
        if name == RESTART:
            await self._restart(charger_id)
            return {}
        if station.runtime_status != RuntimeStatus.RUNNING:  # it has yet to end what a cut of its power interrupted
            raise Conflict("The charger is starting; try again in a moment.")
        try:
            return commands.execute(station, name, arguments)
        except Refused as refusal:
            raise Conflict(str(refusal)) from refusal

    async def _restart(self, charger_id: str) -> None:
        """Those that are asked for while others are restarted go together: all wait for the disk but once."""
        self._to_restart.add(charger_id)
        async with self._turn:
            ids, self._to_restart = self._to_restart, set()
            await self._runtimes.halt(ids, RuntimeStatus.STARTING)
            await self._match(ids)

    async def _tick(self) -> None:
        async with self._turn:
            await self._keep_up()
        await asyncio.sleep(TICK_S)

    async def _stay(self) -> None:
        """Renews the lease also while a turn takes long: one that restarts a charger waits for its row."""
        await asyncio.sleep(RENEW_S)
        async with self._database.write(ALL_TENANTS) as session:
            await rows.renew(session, self.node_id, self._choice, LEASE)

    async def _keep_up(self) -> None:
        """Renews the lease, takes its share of the chargers, and follows what changed in the rows."""
        async with self._database.write(ALL_TENANTS) as session:
            now, self._nodes, wanted = await rows.renew(session, self.node_id, self._choice, LEASE)
            share = -(-wanted // self._nodes)
            room = min(CLAIM_AT_ONCE, share - len(self._runtimes))
            if room > 0:
                await rows.claim(session, self.node_id, self._choice, room)
            owned = await rows.owned(session, self.node_id)
        self._writer.follow_clock(now)
        known = self._runtimes.versions()
        await self._match([id for id in {*owned, *known} if owned.get(id) != known.get(id)])
        if len(self._runtimes) > share * SHED_ABOVE + 1:
            await self._shed(min(SHED_AT_ONCE, len(self._runtimes) - share))

    async def _shed(self, count: int) -> None:
        """Leaves idle chargers to processes that have fewer."""
        ids = self._runtimes.idle(count)
        await self._runtimes.halt(ids, RuntimeStatus.STARTING)
        await self._runtimes.settled(ids)
        async with self._database.write(ALL_TENANTS) as session:
            await rows.release(session, self.node_id, ids)

    async def _match(self, ids: Collection[str]) -> None:
        """Starts, restarts or stops runtimes until they are as their rows say."""
        for some in batches(ids):
            await self._match_some(some)

    async def _match_some(self, ids: Sequence[str]) -> None:
        await self._runtimes.settled(ids)
        async with self._database.read(ALL_TENANTS) as session:
            found = {charger.id: charger for charger in await rows.load(session, ids)}
        for id in ids:
            charger = found.get(id)
            if charger is not None and charger.desired_running and charger.node_id == self.node_id:
                await self._runtimes.run(charger)
            else:
                await self._runtimes.halt([id], _status_of(charger))

    async def _sweep(self) -> None:
        """Keeps the frames and events within their limits; in small transactions, because all others wait meanwhile."""
        await asyncio.sleep(SWEEP_S)
        before = utc_now() - timedelta(hours=self._settings.ocpp_log_hours)
        async with self._database.read(ALL_TENANTS) as session:
            oldest = await rows.oldest_kept(session, self._settings.ocpp_log_frames)
        before = max(before, oldest) if oldest is not None else before
        pruned = SWEEP_AT_ONCE
        while pruned >= SWEEP_AT_ONCE:
            async with self._database.write(ALL_TENANTS) as session:
                pruned = await rows.prune(session, before, SWEEP_AT_ONCE)
        async with self._database.write(ALL_TENANTS) as session:
            await mailbox.sweep(session)


def _status_of(charger: Charger | None) -> RuntimeStatus:
    """The status of a runtime that ends: stopped by its clients, or about to start elsewhere."""
    return RuntimeStatus.STARTING if charger is None or charger.desired_running else RuntimeStatus.STOPPED
