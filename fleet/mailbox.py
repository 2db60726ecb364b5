"""Commands to chargers of other processes: a table that the senders fill and the chargers' processes empty.

Each is told of what the other has put there; a slow look underneath makes up for what it was not told of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, NoReturn

from edge import log_unexpected
from errors import ChargeyardError, Conflict, Unavailable
from fleet.loops import forever
from storage import mailbox as rows
from storage.database import Database
from storage.models import Charger, FleetCommand, FleetCommandStatus, new_id
from storage.presence import SESSION_LOST, hearing
from storage.session import ALL_TENANTS

LOOK_S = 3.0  # after which a process looks for what it was not told of
LISTENS_S = 10.0  # after which it asks whether it could still be told
ANSWER_S = 10.0  # after which a sender gives a command up, and nobody takes it any more

Execute = Callable[[str, str, Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Mailbox:
    """Sends commands and answers those to this process's chargers, all of a moment with a few statements."""

    def __init__(self, database: Database, node_id: str, execute: Execute) -> None:
        self._database = database
        self._node_id = node_id
        self._execute = execute
        self._unsent: list[FleetCommand] = []
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._tasks: list[asyncio.Task[NoReturn]] = []
        self._wake = asyncio.Event()

    def start(self) -> None:
        turns = (("commands between processes", self._look), ("news of commands", self._listen))
        self._tasks = [asyncio.create_task(forever(what, turn)) for what, turn in turns]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def send(self, charger: Charger, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The charger's answer. Raises Conflict with its reason, Unavailable when its process does not answer."""
        command = FleetCommand(
            id=new_id(),
            organization_id=charger.organization_id,
            charger_id=charger.id,
            name=name,
            arguments=dict(arguments),
        )
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = answer
        self._unsent.append(command)
        self._wake.set()
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError as exc:
            raise Unavailable(f"The process of charger {charger.identity} does not answer; try again.") from exc
        finally:
            del self._waiting[command.id]

    async def _look(self) -> None:
        self._wake.clear()
        await self._exchange()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._wake.wait()

    async def _listen(self) -> None:
        """Hears of commands and answers until its session is lost. Raises Unavailable then."""
        name = f"chargeyard-mail {self._node_id}"
        try:
            async with hearing(self._database.postgres_url, name, {rows.CHANNEL: self._hear}) as session:
                self._wake.set()  # for what was told before it could hear
                while True:
                    await asyncio.sleep(LISTENS_S)
                    await session.execute("SELECT 1")
        except SESSION_LOST as exc:
            raise Unavailable(f"the session is lost ({exc}); connecting again") from exc

    def _hear(self, name: str) -> None:
        if name == self._node_id or name in self._waiting:
            self._wake.set()

    async def _exchange(self) -> None:
        self._unsent = [command for command in self._unsent if command.id in self._waiting]
        unsent = list(self._unsent)
        async with self._database.write(ALL_TENANTS) as session:
            await rows.send(session, unsent)
            answered = await rows.answered(session, list(self._waiting))
            taken = await rows.take(session, self._node_id, within=timedelta(seconds=ANSWER_S))
        del self._unsent[: len(unsent)]  # others may have come meanwhile
        for command in answered:
            self._settle(command)
        if len(taken) == rows.AT_ONCE:
            self._wake.set()  # for those that were left
        if taken:
            await self._answer(taken)

    def _settle(self, command: FleetCommand) -> None:
        future = self._waiting.get(command.id)
        if future is None or future.done():
            return
        answer = command.answer or {}
        if command.status == FleetCommandStatus.DONE:
            future.set_result(answer)
        else:
            future.set_exception(Conflict(answer.get("reason", "The charger can't do this now.")))

    async def _answer(self, commands: list[FleetCommand]) -> None:
        await asyncio.gather(*(self._carry_out(command) for command in commands))
        async with self._database.write(ALL_TENANTS) as session:
            await rows.put_answers(session, commands)

    async def _carry_out(self, command: FleetCommand) -> None:
        command.status = FleetCommandStatus.REFUSED
        try:
            command.answer = await self._execute(command.charger_id, command.name, command.arguments)
            command.status = FleetCommandStatus.DONE
        except ChargeyardError as refusal:
            command.answer = {"reason": str(refusal)}
        except Exception as exc:  # noqa: BLE001 - the edge of a command: all the others wait for it
            command.answer = {"reason": f"An unexpected error; the log has it as {log_unexpected(exc)}."}
