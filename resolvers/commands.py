"""Commands to running chargers (REST contract §8): sent to one charger, or to many of a site at once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from errors import Conflict, FieldError, InvalidRequest, Unavailable
from resolvers.chargers import get_charger
from resolvers.command_inputs import CommandTargetInput, NetworkTargetInput, ProxyMessageEvent
from resolvers.context import Context
from resolvers.cpos import get_cpo
from resolvers.input_models import Input
from resolvers.inputs import NetworkConditions
from resolvers.locations import get_location
from storage import chargers as store
from storage import live
from storage.models import Charger

AT_ONCE = 100
COMMAND_ID_BYTES = 6  # 12 hexadecimal digits (REST contract §1.4)


@dataclass(frozen=True)
class QueuedCommand:
    """A command that a charger took."""

    id: str
    event_type: str
    ocpp_version: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class CommandResult:
    """A charger that took the command."""

    charger: Charger
    command: QueuedCommand

    @property
    def charger_id(self) -> str:
        return self.charger.id

    @property
    def identity(self) -> str:
        return self.charger.identity


@dataclass(frozen=True)
class CommandFailure:
    """A charger that could not take it, and why; `identity` is None where there is no such charger."""

    identity: str | None
    error: str


@dataclass(frozen=True)
class CommandOutcome:
    """What came of a command to one or many chargers."""

    results: Sequence[CommandResult]
    failed: Sequence[CommandFailure]

    @property
    def targeted_count(self) -> int:
        return len(self.results) + len(self.failed)

    @property
    def queued_count(self) -> int:
        return len(self.results)

    @property
    def failed_count(self) -> int:
        return len(self.failed)


@dataclass(frozen=True)
class Answered(CommandOutcome):
    """A charger that answered at once; `answer` holds the fields of the command's own answer."""

    answer: Mapping[str, Any]


async def send_command(ctx: Context, name: str, target: CommandTargetInput, event: Input) -> CommandOutcome:
    """Sends a command to one charger or to chargers of a site. Each fails by itself, with the reason.

    Raises NotFound for an unknown charger or site.
    """
    chargers, failed = await _targets(ctx, target)
    outcome = await _send_all(ctx, name, chargers, arguments_of(event))
    return CommandOutcome(outcome.results, [*failed, *outcome.failed])


def arguments_of(event: Input) -> dict[str, Any]:
    """What a command says to the charger: all that the event gives, without the target."""
    return event.model_dump(mode="json", exclude_none=True, exclude={"target"})


async def _send_all(
    ctx: Context, name: str, chargers: Sequence[Charger], arguments: Mapping[str, Any]
) -> CommandOutcome:
    gate = asyncio.Semaphore(AT_ONCE)

    async def send(charger: Charger) -> CommandResult | CommandFailure:
        async with gate:
            try:
                await ctx.services.fleet.command(charger, name, arguments)
            except (Conflict, Unavailable) as exc:
                return CommandFailure(charger.identity, str(exc))
            return CommandResult(charger, _queued(charger, name, arguments))

    sent = await asyncio.gather(*(send(charger) for charger in chargers))
    return CommandOutcome(
        [item for item in sent if isinstance(item, CommandResult)],
        [item for item in sent if isinstance(item, CommandFailure)],
    )


async def ask_charger(ctx: Context, name: str, charger_id: str, event: Input) -> Answered:
    """Sends a command whose answer is the charger's own. Raises NotFound, Conflict with the reason, Unavailable."""
    charger = await get_charger(ctx, charger_id)
    arguments = arguments_of(event)
    answer = await ctx.services.fleet.command(charger, name, arguments)
    result = CommandResult(charger, _queued(charger, name, arguments))
    return Answered([result], [], answer)


async def proxy_message(ctx: Context, charger_id: str, event: ProxyMessageEvent) -> CommandResult:
    """Has a charger send one message to its CSMS. Raises NotFound, Conflict with the reason, Unavailable."""
    charger = await get_charger(ctx, charger_id)
    if event.ocpp_version != _version(charger):
        message = f"the charger speaks {_version(charger)}"
        raise Conflict(f"ocpp_version: {message}.")
    await ctx.services.fleet.command(charger, "proxy_message", arguments_of(event))
    command = QueuedCommand(_command_id(), event.action, _version(charger), cast("dict[str, Any]", event.payload))
    return CommandResult(charger, command)


async def set_network_conditions(ctx: Context, target: NetworkTargetInput, event: Input) -> CommandOutcome:
    """Changes the network between chargers and their CSMS. Raises NotFound."""
    arguments = event.model_dump(mode="json", include=set(NetworkConditions.model_fields))
    return await _send_all(ctx, "network_conditions", await _in_network(ctx, target), arguments)


def single(target: CommandTargetInput) -> str:
    """The charger of a command that takes no site. Raises InvalidRequest."""
    if target.charger_id is None:
        message = "this command takes one charger"
        raise InvalidRequest(f"locationId: {message}", [FieldError(("input", "target", "locationId"), message)])
    return target.charger_id


async def _targets(ctx: Context, target: CommandTargetInput) -> tuple[list[Charger], list[CommandFailure]]:
    if target.charger_id is not None:
        return [await get_charger(ctx, target.charger_id)], []
    location = await get_location(ctx, target.location_id or "")
    async with ctx.read() as session:
        chargers = await store.chosen(session, live.at_location(location.id))
    if target.charger_ids is None:
        return chargers, []
    here = {charger.id: charger for charger in chargers}
    wanted = list(dict.fromkeys(target.charger_ids))
    missing = [CommandFailure(None, f"There is no charger {id!r} at this location.") for id in wanted if id not in here]
    return [here[id] for id in wanted if id in here], missing


async def _in_network(ctx: Context, target: NetworkTargetInput) -> list[Charger]:
    if target.charger_id is not None:
        return [await get_charger(ctx, target.charger_id)]
    if target.location_id is not None:
        chosen = live.at_location((await get_location(ctx, target.location_id)).id)
    else:
        chosen = live.in_network((await get_cpo(ctx, target.cpo_id or "")).id)
    async with ctx.read() as session:
        return await store.chosen(session, chosen)


def _queued(charger: Charger, name: str, arguments: Mapping[str, Any]) -> QueuedCommand:
    return QueuedCommand(_command_id(), name, _version(charger), arguments)


def _command_id() -> str:
    return secrets.token_hex(COMMAND_ID_BYTES)


def _version(charger: Charger) -> str:
    return charger.ocpp_version.lower()
