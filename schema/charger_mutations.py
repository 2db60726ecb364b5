"""How chargers are created."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers import bulk
from resolvers.inputs import BulkCreateChargersInput, CreateChargerInput
from schema.chargers import Charger
from schema.fields import INPUT, Info, attribute, lazy, mutation
from storage import models


@strawberry.type(description="The charger whose making was accepted.")
class CreateChargerPayload:
    charger: models.Charger = attribute("The new charger.", Charger)
    job: models.Job = attribute("The job that makes it; watch it with jobProgress.", lazy("Job", "jobs"))


@strawberry.type(description="The work that was accepted.")
class BulkCreateChargersPayload:
    job: models.Job = attribute("The job that makes the chargers; watch it with jobProgress.", lazy("Job", "jobs"))


@strawberry.type
class ChargerMutation:
    @mutation("Creates a charger, at a location or not; a durable job starts it.")
    async def create_charger(self, info: Info, input: Annotated[CreateChargerInput, INPUT]) -> CreateChargerPayload:
        made = await bulk.create_charger(info.context, input)
        return CreateChargerPayload(charger=made.charger, job=made.job)

    @mutation("Accepts chargers to create at a location; a durable job creates them.")
    async def bulk_create_chargers(
        self, info: Info, input: Annotated[BulkCreateChargersInput, INPUT]
    ) -> BulkCreateChargersPayload:
        return BulkCreateChargersPayload(job=await bulk.bulk_create_chargers(info.context, input))
