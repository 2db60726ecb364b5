"""The inputs of the commands to running chargers (REST contract §8): the event of each, and its target."""

from __future__ import annotations

from typing import Annotated, Any, Self

import strawberry
from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from resolvers.input_models import Input, graphql_input
from resolvers.inputs import NetworkConditions
from resolvers.values import NO_NUL, Whole, storable, storable_json, utc

MAX_TARGETS = 10_000
MAX_LIST_ENTRIES = 10_000
MAX_KEYS = 200
MAX_KEY_NAME = 100
MAX_SESSION_S = 7 * 86_400
MAX_ENERGY_KWH = 1_000.0
MAX_POWER_W = 1_000_000


IdTag = Annotated[str, StringConstraints(min_length=1, max_length=36), AfterValidator(storable), NO_NUL]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(storable), NO_NUL]
ConnectorNumber = Annotated[int, Field(ge=1, le=1_000), Whole]
KeyName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_KEY_NAME), AfterValidator(storable), NO_NUL]
Expiry = Annotated[AwareDatetime, AfterValidator(utc)]
KeyValue = Annotated[str, StringConstraints(max_length=2_500), AfterValidator(storable), NO_NUL]


@graphql_input(description="Which chargers: one, or all or some of a location.")
class CommandTargetInput(Input):
    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {
                    "required": ["charger_id"],
                    "properties": {
                        "charger_id": {"type": "string"},
                        "location_id": {"type": "null"},
                        "charger_ids": {"type": "null"},
                    },
                },
                {
                    "required": ["location_id"],
                    "properties": {"location_id": {"type": "string"}, "charger_id": {"type": "null"}},
                },
            ]
        }
    )

    charger_id: strawberry.ID | None = Field(None, description="One charger. Not with locationId.")
    location_id: strawberry.ID | None = Field(None, description="The chargers of a location.")
    charger_ids: list[strawberry.ID] | None = Field(
        None, max_length=MAX_TARGETS, description="Only these of the location; all of them when left out."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.charger_id is None) == (self.location_id is None):
            raise ValueError("give exactly one of charger_id and location_id")
        if self.charger_ids is not None and self.location_id is None:
            raise ValueError("charger_ids goes with location_id only")
        return self


@graphql_input(description="The charger to command.")
class ChargerTargetInput(Input):
    charger_id: strawberry.ID = Field(description="The charger.")


class EmptyEvent(Input):
    """Nothing to say but the target."""


class ConnectorEvent(Input):
    """One connector. OCPP 1.6 counts connectors; in 2.0.1 every connector is its own EVSE, so either number tells."""

    evse_id: ConnectorNumber | None = Field(None, description="The EVSE; the first that fits when left out.")
    connector_id: ConnectorNumber | None = Field(None, description="The connector of a 1.6 charger.")


class ProxyMessageEvent(Input):
    action: Name = Field(description="A message that chargers send, such as boot_notification.")
    ocpp_version: Annotated[str, StringConstraints(pattern=r"^ocpp(1\.6|2\.0\.1)$")] = Field(
        description="ocpp1.6 or ocpp2.0.1; must be what the charger speaks."
    )
    payload: strawberry.scalars.JSON = Field(
        description="The request's payload, in camelCase or snake_case.", json_schema_extra={"type": "object"}
    )

    _checked = field_validator("payload")(staticmethod(storable_json))

    @model_validator(mode="after")
    def _an_object(self) -> Self:
        payload: Any = self.payload
        if not isinstance(payload, dict):
            raise ValueError("payload must be an object")  # noqa: TRY004 - pydantic reports ValueErrors
        return self


class ConfigurationEvent(Input):
    configuration: dict[KeyName, KeyValue] = Field(
        min_length=1,
        max_length=MAX_KEYS,
        description="Values by key; a variable of 2.0.1 is Component.Variable.",
        json_schema_extra={
            "propertyNames": {"minLength": 1, "maxLength": MAX_KEY_NAME}
        },  # pydantic tells the pattern only
    )


@graphql_input(description="A token that a charger may accept by itself.")
class LocalAuthListEntryInput(Input):
    id_tag: IdTag = Field(description="The token.")
    expiry_date: Expiry | None = Field(None, description="When it stops being accepted.")
    parent_id_tag: IdTag | None = Field(None, description="The group it is part of.")


class LocalAuthListEvent(Input):
    list_version: Annotated[int, Field(ge=1, lt=2**31), Whole] = Field(
        description="Must be greater than the charger's."
    )
    entries: list[LocalAuthListEntryInput] = Field(
        max_length=MAX_LIST_ENTRIES, description="The whole list; it replaces the charger's."
    )


class InjectFaultEvent(ConnectorEvent):
    fault_type: Annotated[str, StringConstraints(min_length=1, max_length=50), AfterValidator(storable), NO_NUL] = (
        Field(description="Such as OverCurrent; an error code of OCPP 1.6, or any name.")
    )


class StartTransactionEvent(ConnectorEvent):
    id_tag: IdTag = Field(description="The token that pays.")


class StopTransactionEvent(Input):
    transaction_id: Name | None = Field(None, description="The transaction; the one that runs when left out.")


class StartSessionEvent(Input):
    id_tag: IdTag = Field(description="The token that pays.")
    connector_id: ConnectorNumber | None = Field(None, description="The connector; a free one when left out.")
    duration_seconds: Annotated[int, Field(ge=1, le=MAX_SESSION_S), Whole] | None = Field(
        None, description="The session ends after so long."
    )
    target_energy_kwh: Annotated[float, Field(gt=0, le=MAX_ENERGY_KWH, allow_inf_nan=False)] | None = Field(
        None, description="The session ends when so much has flowed."
    )


class StopSessionEvent(Input):
    connector_id: ConnectorNumber | None = Field(None, description="The connector; the one in use when left out.")


class AuthorizeIdTagEvent(Input):
    id_tag: IdTag = Field(description="The token that is presented.")


class PowerUpdateEvent(ConnectorEvent):
    power_w: Annotated[int, Field(ge=0, le=MAX_POWER_W), Whole] = Field(description="What the car draws, in W.")


TARGET: Any = Field(description="Which chargers.")


@graphql_input(description="Connectors to put a cable in.")
class PlugConnectorInput(ConnectorEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Connectors to take the cable from.")
class UnplugConnectorInput(ConnectorEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Connectors to unlock.")
class UnlockConnectorInput(ConnectorEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Transactions to start.")
class StartTransactionInput(StartTransactionEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Transactions to stop.")
class StopTransactionInput(StopTransactionEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Charging sessions to start.")
class StartSessionInput(StartSessionEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Charging sessions to stop.")
class StopSessionInput(StopSessionEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="A token to present.")
class AuthorizeIdTagInput(AuthorizeIdTagEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Cars that ask for energy.")
class EvRequestsEnergyInput(ConnectorEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="Cars that stop taking energy.")
class EvStopsEnergyInput(ConnectorEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="The power that cars draw.")
class PowerUpdateInput(PowerUpdateEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="A fault to inject.")
class InjectFaultInput(InjectFaultEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="A fault to clear.")
class ClearFaultInput(ConnectorEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="A message for a charger to send.")
class ProxyMessageInput(ProxyMessageEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="A key, or a variable of OCPP 2.0.1 as Component.Variable, and its value.")
class ConfigurationEntryInput(Input):
    key: KeyName = Field(description="The key.")
    value: KeyValue = Field(description="Its value as text.")


@graphql_input(description="Keys to set.")
class SetConfigurationInput(Input):
    configuration: list[ConfigurationEntryInput] = Field(min_length=1, max_length=MAX_KEYS, description="Keys to set.")
    target: CommandTargetInput = TARGET


@graphql_input(description="A local authorization list.")
class SendLocalListInput(LocalAuthListEvent):
    target: CommandTargetInput = TARGET


@graphql_input(description="The charger whose local authorization list to clear.")
class ClearLocalListInput(Input):
    target: CommandTargetInput = TARGET


@graphql_input(description="The charger whose authorization cache to clear.")
class ResetAuthCacheInput(Input):
    target: CommandTargetInput = TARGET


@graphql_input(description="Which chargers: one, those of a location, or those of a network.")
class NetworkTargetInput(Input):
    charger_id: strawberry.ID | None = Field(None, description="One charger.")
    location_id: strawberry.ID | None = Field(None, description="The chargers of a location.")
    cpo_id: strawberry.ID | None = Field(None, description="The chargers of a network.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [self.charger_id, self.location_id, self.cpo_id].count(None) != 2:
            raise ValueError("give exactly one of charger_id, location_id and cpo_id")
        return self


@graphql_input(description="What is wrong with the network of chargers; all left out is a perfect network.")
class SetNetworkConditionsInput(NetworkConditions):
    target: NetworkTargetInput = TARGET
