"""Chargers: `/ocpp/chargers` (REST contract §5)."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, StringConstraints
from strawberry import Maybe

from resolvers import bulk, chargers, runtime
from resolvers.context import Context
from resolvers.inputs import ChargerChanges, CreateChargerInput
from resolvers.values import Trimmed
from rest.reads import NumberedRows, OneRow
from rest.requests import Id, PageQuery, QueryInstant
from rest.responses import Instant, ListResponse, Of, ProvisioningErrorDetail, QueuedCommandResponse, Response, Status
from storage import chargers as store
from storage.models import Charger

MAX_LOGS = 1_000


ChargerLifecycleRequest = dict[str, Any]  # the published client sends {}; the action is in the path


class ChargerResponse(Response):
    """A deployed charger."""

    id: str
    identity: str = Field(description="The OCPP identity.")
    name: str | None = None
    vendor_name: str | None = Field(None, description="The brand's display name.")
    published_name: Annotated[str | None, Of("vendor_name")] = Field(
        None, description="The brand's display name again, under its other name."
    )
    model: str | None = Field(None, description="The model's display name.")
    image_url: str | None = None
    ocpp_version: str | None = None
    number_of_connectors: int | None = None
    max_charging_power: int | None = Field(None, description="W.")
    connector_type: str | None = None
    location_id: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class ChargerListResponse(ListResponse[ChargerResponse]):
    """One page of chargers."""


CHARGER = OneRow(ChargerResponse, store.chargers, {"charger_id": Charger.id})
CHARGERS = NumberedRows(ChargerResponse, store.chargers, store.NEWEST_FIRST, {"location_id": Charger.location_id})


class ChargerAcceptedResponse(Response):
    """A charger that is being provisioned."""

    charger_id: str
    identity: str
    status: Status
    workflow_run_id: str | None = None
    status_url: str = Field(description="Poll it until the status is READY or FAILED.")

    @classmethod
    def of(cls, row: Charger) -> Self:
        return cls.read(row, charger_id=row.id, status_url=f"/ocpp/chargers/{row.id}/status")


class ChargerStatusResponse(Response):
    """How the provisioning of a charger stands."""

    charger_id: str
    status: Status | None = None
    workflow_run_id: str | None = None
    error: ProvisioningErrorDetail | None = None
    provisioned_at: Instant | None = None

    @classmethod
    def of(cls, row: Charger) -> Self:
        error = row.error and ProvisioningErrorDetail(**row.error)
        return cls.read(row, charger_id=row.id, error=error)


class ChargerLogEntry(Response):
    """One OCPP-J frame."""

    direction: str = Field(description="cp_to_csms or csms_to_cp.")
    action: str
    message: str | None = Field(None, description="The frame as it went over the socket.")
    timestamp: Instant | None = None


class ChargerLogListResponse(Response):
    """Frames of a charger; `total` counts all that the filters leave."""

    data: list[ChargerLogEntry]
    total: int
    limit: int
    offset: int


class CreateChargerRequest(CreateChargerInput):
    """A charger to create."""

    location_name: Trimmed | None = Field(None, description="What the runtime is told of the site; not stored there.")


class UpdateChargerRequest(ChargerChanges):
    """Changes to a charger."""

    name: Maybe[Trimmed | None] = Field(None, description="The charger's name, unless charge_point_name is given.")
    location_name: Maybe[Trimmed | None] = Field(None, description="What the runtime is told of the site.")

    def change(self, charger_id: str) -> runtime.ChargerChange:
        """What to change at which charger."""
        name = self.name if self.charge_point_name is None else self.charge_point_name
        return runtime.ChargerChange(
            charger_id, self.model_copy(update={"charge_point_name": name}), self.location_name
        )


class ChargersQuery(PageQuery):
    """Which chargers."""

    location_id: Id | None = Field(None, description="Only those of this site.")


class ChargerLogsQuery(BaseModel):
    """Which frames of a charger."""

    start_date: QueryInstant | None = Field(None, description="The first instant that counts.")
    end_date: QueryInstant | None = Field(None, description="The last instant that counts.")
    event: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]+$")] | None = Field(
        None, description="Only this OCPP action, such as BootNotification."
    )
    limit: int = Field(MAX_LOGS, ge=1, le=MAX_LOGS, description="How many frames at most.")
    offset: int = Field(0, ge=0, le=2**31 - 1, description="How many frames to leave out at the beginning.")


async def list_chargers(ctx: Context, query: ChargersQuery) -> ChargerListResponse:
    """Chargers of the organization, newest first."""
    listing = await chargers.list_chargers(ctx, page=query.page, limit=query.limit, location_id=query.location_id)
    return ChargerListResponse.of(listing, query, map(ChargerResponse.read, listing.rows))


async def create_charger(ctx: Context, body: CreateChargerRequest) -> ChargerAcceptedResponse:
    """Creates a charger. The answer comes at once; poll its status_url."""
    created = await bulk.create_charger(ctx, body, location_name=body.location_name)
    return ChargerAcceptedResponse.of(created.charger)


async def get_charger(ctx: Context, charger_id: Id) -> ChargerResponse:
    """One charger."""
    return ChargerResponse.read(await chargers.get_charger(ctx, charger_id))


async def get_charger_status(ctx: Context, charger_id: Id) -> ChargerStatusResponse:
    """How the provisioning of a charger stands."""
    return ChargerStatusResponse.of(await chargers.get_charger(ctx, charger_id))


async def update_charger(ctx: Context, charger_id: Id, body: UpdateChargerRequest) -> ChargerResponse:
    """Changes a charger: a key left out keeps its value. A charger that should connect otherwise reconnects."""
    change = body.change(charger_id)
    row = await runtime.update_charger(ctx, charger_id, change.changes, location_name=change.location_name)
    return ChargerResponse.read(row)


async def delete_charger(ctx: Context, charger_id: Id) -> None:
    """Deletes a charger; its runtime stops."""
    await runtime.delete_charger(ctx, charger_id)


async def start_charger(
    ctx: Context, charger_id: Id, body: ChargerLifecycleRequest | None = None
) -> QueuedCommandResponse:
    """Gives a charger its power."""
    return _runtime_answer(await runtime.start_charger(ctx, charger_id))


async def stop_charger(
    ctx: Context, charger_id: Id, body: ChargerLifecycleRequest | None = None
) -> QueuedCommandResponse:
    """Cuts a charger's power."""
    return _runtime_answer(await runtime.stop_charger(ctx, charger_id))


async def reset_charger(
    ctx: Context, charger_id: Id, body: ChargerLifecycleRequest | None = None
) -> QueuedCommandResponse:
    """Cuts a charger's power and gives it back."""
    return _runtime_answer(await runtime.reset_charger(ctx, charger_id))


def _runtime_answer(action: runtime.RuntimeAction) -> QueuedCommandResponse:
    return QueuedCommandResponse(
        id=action.charger.id,
        event_type=action.event_type,
        ocpp_version=action.charger.ocpp_version,
        payload=dict(action.payload),
    )


async def list_charger_logs(ctx: Context, charger_id: Id, query: ChargerLogsQuery) -> ChargerLogListResponse:
    """The OCPP frames of a charger, newest first; none for a charger that is unknown."""
    where = chargers.FrameFilter(query.event, query.start_date, query.end_date)
    listing = await chargers.list_logs(ctx, charger_id, where, offset=query.offset, limit=query.limit)
    data = [ChargerLogEntry.read(row) for row in listing.rows]
    return ChargerLogListResponse(data=data, total=listing.total, limit=query.limit, offset=query.offset)
