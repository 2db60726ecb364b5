"""Commands to running chargers: `/ocpp/commands` (REST contract §8).

The commands differ in their names, events and descriptions only, so their handlers are made from two tables.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, Field, create_model

from resolvers import commands
from resolvers.command_inputs import (
    AuthorizeIdTagEvent,
    ChargerTargetInput,
    CommandTargetInput,
    ConfigurationEvent,
    ConnectorEvent,
    EmptyEvent,
    InjectFaultEvent,
    LocalAuthListEvent,
    PowerUpdateEvent,
    ProxyMessageEvent,
    StartSessionEvent,
    StartTransactionEvent,
    StopSessionEvent,
    StopTransactionEvent,
)
from resolvers.context import Context
from resolvers.input_models import Input
from rest.responses import QueuedCommandResponse, Response
from rest.route import Handler, Route

PATH = "/ocpp/commands"


class ClearFaultEvent(ConnectorEvent):
    """Where the fault is to be cleared."""


class LocationQueuedCommandResult(Response):
    """A charger that took the command."""

    charger_id: str
    identity: str
    command: QueuedCommandResponse

    @classmethod
    def of(cls, result: commands.CommandResult) -> Self:
        return cls.read(result, command=QueuedCommandResponse.read(result.command))


class LocationCommandFailure(Response):
    """A charger that could not take the command, and why."""

    identity: str | None = None
    error: str


class LocationCommandResponse(Response):
    """The outcome of a command to one or many chargers."""

    targeted_count: int
    queued_count: int
    failed_count: int
    results: list[LocationQueuedCommandResult]
    failed: list[LocationCommandFailure]

    @classmethod
    def of(cls, outcome: commands.CommandOutcome) -> Self:
        results = [LocationQueuedCommandResult.of(result) for result in outcome.results]
        return cls.read(outcome, results=results, failed=[LocationCommandFailure.read(each) for each in outcome.failed])


class ConfigurationChangeResponse(Response):
    """What the charger made of the new values."""

    status: str = Field(description="Accepted, RebootRequired or Rejected: the worst of all keys.")
    msg: str = Field(description="Each key with its own outcome.")
    configured: list[str] = Field(description="The keys that have their new values, now or after a reboot.")


class CacheResetResponse(Response):
    """How many tokens the charger forgot."""

    msg: str
    cleared_entries: int


class LocalListMutationResponse(Response):
    """What the charger has as its local list now."""

    status: str | None = None
    list_version: int | None = None
    entries_received: int | None = None
    msg: str | None = None
    entries_deleted: int | None = None


class FaultOperationResponse(Response):
    """What became of the connector."""

    msg: str
    fault_type: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    status: str | None = Field(None, description="The connector's status in OCPP, such as Faulted.")


class UnifiedConnectorRequest(BaseModel):
    """A command to a connector of one charger, or of many chargers of a site."""

    target: CommandTargetInput
    event: ConnectorEvent


class ProxyMessageRequest(BaseModel):
    """A message that a charger is to send to its CSMS."""

    target: ChargerTargetInput
    event: ProxyMessageEvent


async def proxy_message(ctx: Context, body: ProxyMessageRequest) -> QueuedCommandResponse:
    """Has a charger send one message of its own to its CSMS."""
    result = await commands.proxy_message(ctx, body.target.charger_id, body.event)
    return QueuedCommandResponse.read(result.command)


def _fan_out(name: str, event: type[Input], description: str) -> Route:
    """The route of a command to one charger, or to many of a site at once."""

    async def handler(ctx: Context, body: Any) -> LocationCommandResponse:
        return LocationCommandResponse.of(await commands.send_command(ctx, name, body.target, body.event))

    body = UnifiedConnectorRequest if event is ConnectorEvent else _request(name, CommandTargetInput, (event, ...))
    path = f"{PATH}/{name.replace('_', '-')}"
    return Route("POST", path, f"commands.{name}", _described(handler, body, description), 200, (404,))


def _ask(path: str, operation: str, name: str, event: type[Input], answer: type[Response], description: str) -> Route:
    """The route of a command whose answer is the charger's own. An event that says nothing may be left out."""

    async def handler(ctx: Context, body: Any) -> Any:
        answered = await commands.ask_charger(ctx, name, body.target.charger_id, body.event)
        return answer(**{field: value for field, value in answered.answer.items() if field in answer.model_fields})

    body = _request(operation, ChargerTargetInput, (event, event() if event is EmptyEvent else ...))
    handler.__annotations__["return"] = answer
    return Route(
        "POST", f"{PATH}/{path}", f"commands.{operation}", _described(handler, body, description), 200, (400, 404)
    )


def _request(name: str, target: type[Input], event: tuple[Any, Any]) -> type[BaseModel]:
    title = "".join(word.capitalize() for word in name.split("_"))
    return create_model(f"{title}Request", target=(target, ...), event=event)


def _described(handler: Handler, body: type[BaseModel], description: str) -> Handler:
    handler.__annotations__["body"] = body
    handler.__doc__ = description
    return handler


ROUTES = [
    Route("POST", f"{PATH}/proxy-message", "commands.proxy_message", proxy_message, 200, (400, 404)),
    _ask(
        "configuration", "set_configuration", "configuration", ConfigurationEvent, ConfigurationChangeResponse,
        "Sets configuration keys of a charger.",
    ),
    _ask(
        "cache/reset", "reset_auth_cache", "cache_reset", EmptyEvent, CacheResetResponse,
        "Has a charger forget what its CSMS said of tokens.",
    ),
    _ask(
        "local-auth-list", "send_local_list", "local_auth_list", LocalAuthListEvent, LocalListMutationResponse,
        "Replaces the list of tokens that a charger accepts by itself.",
    ),
    _ask(
        "clear-local-auth-list", "clear_local_list", "clear_local_auth_list", EmptyEvent, LocalListMutationResponse,
        "Empties the list of tokens that a charger accepts by itself; its version is 0 again.",
    ),
    _ask(
        "inject-fault", "inject_fault", "inject_fault", InjectFaultEvent, FaultOperationResponse,
        "Breaks a connector, or the whole charger: Faulted.",
    ),
    _ask(
        "clear-fault", "clear_fault", "clear_fault", ClearFaultEvent, FaultOperationResponse,
        "Repairs a connector, or the whole charger: Available.",
    ),
    _fan_out("plug_connector", ConnectorEvent, "Plugs a cable in: Preparing."),
    _fan_out("unplug_connector", ConnectorEvent, "Pulls a cable out: Available."),
    _fan_out("unlock_connector", ConnectorEvent, "Unlocks a connector."),
    _fan_out("start_transaction", StartTransactionEvent, "Starts a transaction; who calls plugs in and authorizes."),
    _fan_out("stop_transaction", StopTransactionEvent, "Stops a transaction."),
    _fan_out(
        "start_session", StartSessionEvent,
        "Plugs in, authorizes and starts a transaction, which ends by itself at either limit.",
    ),
    _fan_out("stop_session", StopSessionEvent, "Stops the transaction and pulls the cable out."),
    _fan_out("authorize_id_tag", AuthorizeIdTagEvent, "Presents a token."),
    _fan_out("ev_requests_energy", ConnectorEvent, "The vehicle takes energy: Charging."),
    _fan_out("ev_stops_energy", ConnectorEvent, "The vehicle takes no more energy: SuspendedEV."),
    _fan_out("power_update", PowerUpdateEvent, "Sets the power that the vehicle draws."),
]  # fmt: skip
