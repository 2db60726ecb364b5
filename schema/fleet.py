"""Chargers as deployments, changed and run; and what they do, as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

import strawberry

from errors import NotFound
from resolvers import live, runtime
from resolvers.chargers import evses_by_charger
from resolvers.inputs import ChargerRuntimeInput, DeleteChargerInput, UpdateChargerInput
from resolvers.loaders import load_all
from schema.chargers import Charger, Evse, OcppMessage
from schema.fields import INPUT, Info, attribute, field, mutation, subscription
from storage import models
from storage.models import EvseStatus

ChargerId = Annotated[strawberry.ID | None, strawberry.argument(description="Of this charger.")]
LocationId = Annotated[strawberry.ID | None, strawberry.argument(description="Of every charger of this location.")]
CpoId = Annotated[strawberry.ID | None, strawberry.argument(description="Of every charger of this network.")]


@strawberry.type(description="The charger that was changed.")
class UpdateChargerPayload:
    charger: models.Charger = attribute("The charger as it is now.", Charger)


@strawberry.type(description="The charger that was deleted.")
class DeleteChargerPayload:
    deleted_id: strawberry.ID = attribute("Its id.")


@strawberry.type(description="The charger whose runtime was started, stopped or reset.")
class ChargerRuntimePayload:
    charger: models.Charger = attribute("The charger.", Charger)


@strawberry.type(description="A change of a connector's status.")
class ConnectorStatusEvent:
    status: EvseStatus = attribute("As OCPI 2.2.1 has it.")
    ocpp_status: str = attribute("As the charger's version of OCPP has it.")
    error_code: str | None = attribute("The fault, where there is one.")
    timestamp: datetime = attribute("When it changed.")

    @field("The EVSE of the connector.", Evse)
    async def evse(self: models.ConnectorEvent, info: Info) -> models.Evse:
        evses = await load_all(info.context, evses_by_charger, self.charger_id)
        for evse in evses:
            if evse.connector_number == self.connector_number:
                return evse
        raise NotFound("The charger of this event has been deleted.")


@strawberry.type
class FleetMutation:
    @mutation("Changes a charger: a field left out keeps its value. What it connects with takes effect at once.")
    async def update_charger(self, info: Info, input: Annotated[UpdateChargerInput, INPUT]) -> UpdateChargerPayload:
        return UpdateChargerPayload(charger=await runtime.update_charger(info.context, input.id, input))

    @mutation("Deletes a charger; its runtime stops.")
    async def delete_charger(self, info: Info, input: Annotated[DeleteChargerInput, INPUT]) -> DeleteChargerPayload:
        await runtime.delete_charger(info.context, input.id)
        return DeleteChargerPayload(deleted_id=input.id)

    @mutation("Gives a charger its power.")
    async def start_charger(self, info: Info, input: Annotated[ChargerRuntimeInput, INPUT]) -> ChargerRuntimePayload:
        return ChargerRuntimePayload(charger=(await runtime.start_charger(info.context, input.id)).charger)

    @mutation("Cuts a charger's power; a transaction is interrupted.")
    async def stop_charger(self, info: Info, input: Annotated[ChargerRuntimeInput, INPUT]) -> ChargerRuntimePayload:
        return ChargerRuntimePayload(charger=(await runtime.stop_charger(info.context, input.id)).charger)

    @mutation("Cuts a charger's power and gives it back.")
    async def reset_charger(self, info: Info, input: Annotated[ChargerRuntimeInput, INPUT]) -> ChargerRuntimePayload:
        return ChargerRuntimePayload(charger=(await runtime.reset_charger(info.context, input.id)).charger)


@strawberry.type
class FleetSubscription:
    @subscription("Raw OCPP-J frames of one charger, or of every charger of a location, as they happen.", OcppMessage)
    async def ocpp_messages(
        self, info: Info, charger_id: ChargerId = None, location_id: LocationId = None
    ) -> AsyncIterator[models.OcppMessage]:
        async for frame in live.ocpp_messages(info.context, charger_id=charger_id, location_id=location_id):
            info.context.loaders.clear()
            yield frame

    @subscription("Connector status changes of one charger, location or network.", ConnectorStatusEvent)
    async def connector_status_changed(
        self, info: Info, charger_id: ChargerId = None, location_id: LocationId = None, cpo_id: CpoId = None
    ) -> AsyncIterator[models.ConnectorEvent]:
        events = live.connector_status_changes(
            info.context, charger_id=charger_id, location_id=location_id, cpo_id=cpo_id
        )
        async for event in events:
            info.context.loaders.clear()
            yield event
