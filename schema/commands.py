"""Commands to running chargers: one mutation for each (REST contract §8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.scalars import JSON

from resolvers import command_inputs as inputs
from resolvers import commands as resolvers
from resolvers.commands import Answered, CommandOutcome
from schema.chargers import Charger
from schema.fields import INPUT, Info, TenantMember, attribute, field
from storage import models

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


@strawberry.type(description="A command that a charger took.")
class QueuedCommand:
    id: strawberry.ID = attribute("Twelve hexadecimal digits.")
    event_type: str = attribute("What it does, such as start_session.")
    ocpp_version: str = attribute("What the charger speaks, such as ocpp1.6.")
    payload: JSON = attribute("What it says.")


@strawberry.type(description="A charger that took the command.")
class CommandResult:
    command: QueuedCommand = attribute("The command.")

    @field("The charger.", Charger)
    def charger(self: resolvers.CommandResult) -> models.Charger:
        return self.charger


@strawberry.type(description="A charger that could not take the command.")
class CommandFailure:
    identity: str | None = attribute("The charger's identity; null where there is no such charger.")
    error: str = attribute("Why.")


@strawberry.type(description="The outcome of a command.")
class CommandPayload:
    targeted_count: int = attribute("Chargers that were meant.")
    queued_count: int = attribute("Chargers that took it.")
    failed_count: int = attribute("Chargers that could not take it.")
    results: list[CommandResult] = attribute("The chargers that took it.")
    failed: list[CommandFailure] = attribute("The chargers that could not take it, and why.")


def answered(name: str, description: str, graphql_type: Any) -> Any:
    """A field of a command's own answer."""

    def resolver(root: strawberry.Parent[Any]) -> Any:
        return root.answer.get(name)

    return strawberry.field(resolver=resolver, description=description, graphql_type=graphql_type)


@strawberry.type(description="The outcome of putting a cable into a connector.")
class PlugConnectorPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of taking the cable out of a connector.")
class UnplugConnectorPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of opening the lock of a connector.")
class UnlockConnectorPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of starting a transaction.")
class StartTransactionPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of stopping a transaction.")
class StopTransactionPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of starting a charging session.")
class StartSessionPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of stopping a charging session.")
class StopSessionPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of presenting a token.")
class AuthorizeIdTagPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of having the car take energy again.")
class EvRequestsEnergyPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of having the car stop taking energy.")
class EvStopsEnergyPayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of setting the power that the car draws.")
class PowerUpdatePayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of breaking a connector.")
class InjectFaultPayload(CommandPayload):
    message: str = answered("msg", "What happened.", str)
    fault_type: str | None = answered("fault_type", "The fault.", str | None)
    status: str = answered("status", "What the connector is in now, as OCPP 1.6 says it.", str)


@strawberry.type(description="The outcome of repairing a connector.")
class ClearFaultPayload(CommandPayload):
    message: str = answered("msg", "What happened.", str)
    fault_type: str | None = answered("fault_type", "The fault that is gone.", str | None)
    status: str = answered("status", "What the connector is in now, as OCPP 1.6 says it.", str)


@strawberry.type(description="The outcome of setting configuration keys.")
class SetConfigurationPayload(CommandPayload):
    status: str = answered("status", "Accepted, RebootRequired, or Rejected where a key was not set.", str)
    configured: list[str] = answered("configured", "The keys that were set.", list[str])
    message: str = answered("msg", "What came of each key.", str)


@strawberry.type(description="The outcome of replacing the local authorization list.")
class SendLocalListPayload(CommandPayload):
    status: str = answered("status", "Accepted.", str)
    list_version: int = answered("list_version", "The list's version now.", int)
    entries_received: int = answered("entries_received", "Entries that the list has now.", int)
    entries_deleted: int = answered("entries_deleted", "Entries that it had before.", int)
    message: str = answered("msg", "What happened.", str)


@strawberry.type(description="The outcome of emptying the local authorization list.")
class ClearLocalListPayload(CommandPayload):
    status: str = answered("status", "Accepted.", str)
    list_version: int = answered("list_version", "The list's version now, 0.", int)
    entries_deleted: int = answered("entries_deleted", "Entries that it had before.", int)
    message: str = answered("msg", "What happened.", str)


@strawberry.type(description="The outcome of clearing the authorization cache.")
class ResetAuthCachePayload(CommandPayload):
    cleared_entries: int = answered("cleared_entries", "Tokens that were cached.", int)
    message: str = answered("msg", "What happened.", str)


@strawberry.type(description="The outcome of sending one message to the CSMS.")
class ProxyMessagePayload(CommandPayload):
    pass


@strawberry.type(description="The outcome of changing the network.")
class SetNetworkConditionsPayload(CommandPayload):
    pass


def command(description: str, payload: type) -> Callable[[Resolver], Any]:
    """A command as a mutation, for members of an organization."""
    return lambda resolver: strawberry.mutation(
        resolver=resolver, description=description, graphql_type=payload, permission_classes=[TenantMember]
    )


@strawberry.type
class CommandMutation:
    @command("Puts a cable into a connector.", PlugConnectorPayload)
    async def plug_connector(self, info: Info, input: Annotated[inputs.PlugConnectorInput, INPUT]) -> CommandOutcome:
        return await resolvers.send_command(info.context, "plug_connector", input.target, input)

    @command("Takes the cable out of a connector.", UnplugConnectorPayload)
    async def unplug_connector(
        self, info: Info, input: Annotated[inputs.UnplugConnectorInput, INPUT]
    ) -> CommandOutcome:
        return await resolvers.send_command(info.context, "unplug_connector", input.target, input)

    @command("Opens the lock of a connector; a transaction on it ends.", UnlockConnectorPayload)
    async def unlock_connector(
        self, info: Info, input: Annotated[inputs.UnlockConnectorInput, INPUT]
    ) -> CommandOutcome:
        return await resolvers.send_command(info.context, "unlock_connector", input.target, input)

    @command(
        "Starts a transaction for a token, without asking whether it may charge; the cable must be in.",
        StartTransactionPayload,
    )
    async def start_transaction(
        self, info: Info, input: Annotated[inputs.StartTransactionInput, INPUT]
    ) -> CommandOutcome:
        return await resolvers.send_command(info.context, "start_transaction", input.target, input)

    @command("Stops a transaction; the cable stays in.", StopTransactionPayload)
    async def stop_transaction(
        self, info: Info, input: Annotated[inputs.StopTransactionInput, INPUT]
    ) -> CommandOutcome:
        return await resolvers.send_command(info.context, "stop_transaction", input.target, input)

    @command(
        "Plugs in, presents a token and charges if it is accepted, until a limit is reached or the session is stopped.",
        StartSessionPayload,
    )
    async def start_session(self, info: Info, input: Annotated[inputs.StartSessionInput, INPUT]) -> CommandOutcome:
        return await resolvers.send_command(info.context, "start_session", input.target, input)

    @command("Stops the transaction, then takes the cable out.", StopSessionPayload)
    async def stop_session(self, info: Info, input: Annotated[inputs.StopSessionInput, INPUT]) -> CommandOutcome:
        return await resolvers.send_command(info.context, "stop_session", input.target, input)

    @command("Presents a token to the charger, which finds out whether it may charge.", AuthorizeIdTagPayload)
    async def authorize_id_tag(self, info: Info, input: Annotated[inputs.AuthorizeIdTagInput, INPUT]) -> CommandOutcome:
        return await resolvers.send_command(info.context, "authorize_id_tag", input.target, input)

    @command("Has the car take energy again.", EvRequestsEnergyPayload)
    async def ev_requests_energy(
        self, info: Info, input: Annotated[inputs.EvRequestsEnergyInput, INPUT]
    ) -> CommandOutcome:
        return await resolvers.send_command(info.context, "ev_requests_energy", input.target, input)

    @command("Has the car stop taking energy; the transaction goes on, suspended.", EvStopsEnergyPayload)
    async def ev_stops_energy(self, info: Info, input: Annotated[inputs.EvStopsEnergyInput, INPUT]) -> CommandOutcome:
        return await resolvers.send_command(info.context, "ev_stops_energy", input.target, input)

    @command("Sets the power that the car draws, as far as connector and charging profiles allow.", PowerUpdatePayload)
    async def power_update(self, info: Info, input: Annotated[inputs.PowerUpdateInput, INPUT]) -> CommandOutcome:
        return await resolvers.send_command(info.context, "power_update", input.target, input)

    @command("Breaks a connector, or all of them: it is Faulted until the fault is cleared.", InjectFaultPayload)
    async def inject_fault(self, info: Info, input: Annotated[inputs.InjectFaultInput, INPUT]) -> Answered:
        return await resolvers.ask_charger(info.context, "inject_fault", resolvers.single(input.target), input)

    @command("Repairs a connector, or all of them.", ClearFaultPayload)
    async def clear_fault(self, info: Info, input: Annotated[inputs.ClearFaultInput, INPUT]) -> Answered:
        return await resolvers.ask_charger(info.context, "clear_fault", resolvers.single(input.target), input)

    @command("Replaces the charger's local authorization list.", SendLocalListPayload)
    async def send_local_list(self, info: Info, input: Annotated[inputs.SendLocalListInput, INPUT]) -> Answered:
        return await resolvers.ask_charger(info.context, "local_auth_list", resolvers.single(input.target), input)

    @command("Empties the charger's local authorization list; its version is 0 then.", ClearLocalListPayload)
    async def clear_local_list(self, info: Info, input: Annotated[inputs.ClearLocalListInput, INPUT]) -> Answered:
        return await resolvers.ask_charger(info.context, "clear_local_auth_list", resolvers.single(input.target), input)

    @command("Clears the charger's authorization cache.", ResetAuthCachePayload)
    async def reset_auth_cache(self, info: Info, input: Annotated[inputs.ResetAuthCacheInput, INPUT]) -> Answered:
        return await resolvers.ask_charger(info.context, "cache_reset", resolvers.single(input.target), input)

    @command("Sets configuration keys of the charger, or variables of OCPP 2.0.1.", SetConfigurationPayload)
    async def set_configuration(self, info: Info, input: Annotated[inputs.SetConfigurationInput, INPUT]) -> Answered:
        event = inputs.ConfigurationEvent(configuration={entry.key: entry.value for entry in input.configuration})
        return await resolvers.ask_charger(info.context, "configuration", resolvers.single(input.target), event)

    @command("Has the charger send one message to its CSMS.", ProxyMessagePayload)
    async def proxy_message(self, info: Info, input: Annotated[inputs.ProxyMessageInput, INPUT]) -> CommandOutcome:
        sent = await resolvers.proxy_message(info.context, resolvers.single(input.target), input)
        return CommandOutcome([sent], [])

    @command("Changes the network between chargers and their CSMS.", SetNetworkConditionsPayload)
    async def set_network_conditions(
        self, info: Info, input: Annotated[inputs.SetNetworkConditionsInput, INPUT]
    ) -> CommandOutcome:
        return await resolvers.set_network_conditions(info.context, input.target, input)
