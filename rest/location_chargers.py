"""The chargers of one site: `/ocpp/locations/{location_id}/chargers` (REST contract §6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

from pydantic import BaseModel, Field

from errors import InvalidRequest
from resolvers import bulk, chargers, jobs, locations, runtime
from resolvers.context import Context
from resolvers.inputs import MAX_GROUPS, BulkCreateChargersInput, ChargerGroupInput
from resolvers.values import IdempotencyKey
from rest.chargers import ChargerListResponse, ChargerResponse, UpdateChargerRequest
from rest.jobs import JobAccepted, JobResults, JobStatus, shown
from rest.requests import Id, PageQuery
from rest.responses import Response
from storage.models import JobItem, ProvisioningStatus

MAX_UPDATES = 1_000  # each is a transaction of its own, made while the client waits

Groups = Annotated[list[ChargerGroupInput], Field(min_length=1, max_length=MAX_GROUPS)]


class LocationChargersQuery(PageQuery):
    """Which chargers of a site."""

    charger_ids: list[Id] | None = Field(None, description="Only these; repeat the parameter for each.")


class DeleteChargersQuery(BaseModel):
    """Which chargers of a site to delete."""

    charger_ids: list[Id] = Field(description="The chargers; repeat the parameter for each.")


class UpdateLocationChargerItem(UpdateChargerRequest):
    """Changes to one charger of a site."""

    charger_id: Id = Field(description="The charger.")


class UpdateLocationChargersRequest(BaseModel):
    """Changes to chargers of a site."""

    chargers: list[UpdateLocationChargerItem] = Field(max_length=MAX_UPDATES, description="One item a charger.")


class LocationUpdateChargerFailure(Response):
    """A charger that was not changed."""

    charger_id: str | None = None
    error: str


class UpdateLocationChargersResponse(Response):
    """The chargers that were changed, and those that were not."""

    updated_count: int
    failed_count: int
    updated: list[ChargerResponse]
    failed: list[LocationUpdateChargerFailure]


class LocationDeleteChargerFailure(Response):
    """A charger that was not deleted."""

    charger_id: str | None = None
    error: str


class DeleteLocationChargersResponse(Response):
    """The chargers that were deleted, and those that were not."""

    deleted_count: int
    failed_count: int
    deleted: list[str]
    failed: list[LocationDeleteChargerFailure]


class ChargerFailure(Response):
    """A charger of a bulk request that was not created."""

    identity: str | None = None
    error: str

    @classmethod
    def of(cls, item: JobItem) -> Self:
        return cls(identity=item.name, error=(item.error or {}).get("message", ""))


class LocationChargerResults(JobResults):
    """The chargers that a bulk request created, and those that it did not."""

    created: list[ChargerResponse]
    failed: list[ChargerFailure]


class LocationChargerBulkAcceptedResponse(JobAccepted):
    """Chargers that are being created."""


class LocationChargerBulkStatusResponse(JobStatus):
    """How the creation of chargers stands."""

    results: LocationChargerResults | None = Field(None, description="Once READY.")


async def list_location_chargers(ctx: Context, location_id: Id, query: LocationChargersQuery) -> ChargerListResponse:
    """Chargers of a site, newest first."""
    site = await locations.get_location(ctx, location_id)
    listing = await chargers.list_chargers(
        ctx, page=query.page, limit=query.limit, location_id=site.id, ids=query.charger_ids
    )
    return ChargerListResponse.of(listing, query, map(ChargerResponse.read, listing.rows))


async def create_location_chargers(
    ctx: Context, location_id: Id, body: Groups, idempotency_key: IdempotencyKey | None
) -> LocationChargerBulkAcceptedResponse:
    """Creates chargers of a site, durably. The answer comes at once; poll its status_url."""
    request = BulkCreateChargersInput(location_id=location_id, groups=body, idempotency_key=idempotency_key)
    try:
        job = await bulk.bulk_create_chargers(ctx, request)
    except InvalidRequest as exc:  # the body is the list of groups itself, so its paths begin one step later
        raise InvalidRequest(str(exc), [replace(field, path=field.path[1:]) for field in exc.fields]) from exc
    return LocationChargerBulkAcceptedResponse.of(job, f"/ocpp/locations/{location_id}/chargers")


async def update_location_chargers(
    ctx: Context, location_id: Id, body: UpdateLocationChargersRequest
) -> UpdateLocationChargersResponse:
    """Changes chargers of a site, each by itself; one that is not there fails alone."""
    site = await locations.get_location(ctx, location_id)
    updated, failed = await runtime.update_chargers(
        ctx, site.id, [item.change(item.charger_id) for item in body.chargers]
    )
    return UpdateLocationChargersResponse(
        updated_count=len(updated),
        failed_count=len(failed),
        updated=[ChargerResponse.read(row) for row in updated],
        failed=[LocationUpdateChargerFailure.read(failure) for failure in failed],
    )


async def delete_location_chargers(
    ctx: Context, location_id: Id, query: DeleteChargersQuery
) -> DeleteLocationChargersResponse:
    """Deletes chargers of a site; one that is not there fails alone."""
    site = await locations.get_location(ctx, location_id)
    deleted, failed = await runtime.delete_chargers(ctx, site.id, query.charger_ids)
    return DeleteLocationChargersResponse(
        deleted_count=len(deleted),
        failed_count=len(failed),
        deleted=deleted,
        failed=[LocationDeleteChargerFailure.read(failure) for failure in failed],
    )


async def get_location_chargers_job(ctx: Context, location_id: Id, job_id: Id) -> LocationChargerBulkStatusResponse:
    """How a creation of chargers stands, and once it is READY what it made."""
    job = await jobs.get_job(ctx, job_id, location_id=location_id)
    if job.status != ProvisioningStatus.READY:
        return LocationChargerBulkStatusResponse.of(job, None)
    made = await jobs.results_of(ctx, job)
    created = await shown(ChargerResponse.read, made.created)
    failed = await shown(ChargerFailure.of, made.failed)
    return LocationChargerBulkStatusResponse.of(job, LocationChargerResults.of(created, failed))
