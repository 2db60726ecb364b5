"""The sites of one network: `/ocpi/cpos/{cpo_id}/locations` (REST contract §11)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, Discriminator, Field, Tag

from resolvers import bulk, jobs, ocpi_locations
from resolvers.chargers import chargers_by_location, evses_by_charger
from resolvers.context import Context
from resolvers.inputs import (
    MAX_BULK_LOCATIONS,
    BulkCreateOcpiLocationsInput,
    BulkOcpiLocationInput,
    CreateOcpiLocationInput,
    LocationFromTemplateInput,
    OcpiLocationChanges,
)
from resolvers.values import IdempotencyKey
from rest.jobs import JobAccepted, JobResults, JobStatus, shown
from rest.reads import NumberedRows, OneRow
from rest.requests import CpoId, Id, PageQuery
from rest.responses import Below, Coordinates, Instant, ListResponse, Of, Response, Within
from storage import chargers as charger_store
from storage import ocpi_locations as store
from storage.batches import batches
from storage.models import Charger, Evse, JobItem, OcpiLocation, ProvisioningStatus

SITES_AT_ONCE = 500


class EvseSummary(Response):
    """One EVSE of a charger; each physical connector is its own."""

    evse_uid: str
    ocpi_evse_id: Annotated[str | None, Of("id")] = None
    ocpi_connector_id: str | None = None
    topology_id: str | None = Field(None, description="The row that routes to this EVSE.")


class ChargerSummary(Response):
    """A charger as its location shows it."""

    id: str
    identity: str
    connector_type: str | None = None
    ocpp_version: str | None = None
    charge_point_id: str | None = None
    evses: Annotated[list[EvseSummary] | None, Below(EvseSummary, charger_store.evses, Charger.id, Evse.charger_id)] = (
        None
    )
    topology_default_id: str | None = Field(None, description="Only on the first charger of a location.")

    @classmethod
    def of(cls, row: Charger, evses: Sequence[Evse]) -> Self:
        return cls.read(row, evses=[EvseSummary.read(evse) for evse in evses])


class OcpiLocationResponse(Response):
    """A site as one network advertises it over OCPI."""

    id: str
    ocpp_location_id: Annotated[str | None, Of("location_id")] = Field(None, description="The physical site.")
    organization_id: str | None = None
    slug: str | None = None
    name: str | None = None
    address: str | None = None
    city: str | None = None
    country: str | None = Field(None, description="ISO 3166-1 alpha-2 code.")
    coordinates: Annotated[Coordinates | None, Within(Coordinates)] = None
    timezone: str | None = Field(None, description="IANA time zone.")
    owner_name: str | None = None
    public: bool | None = None
    chargers: Annotated[
        list[ChargerSummary] | None,
        Below(ChargerSummary, charger_store.chargers_of_sites, OcpiLocation.location_id, Charger.location_id),
    ] = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @classmethod
    def of(cls, row: OcpiLocation, chargers: Sequence[ChargerSummary]) -> Self:
        return cls.read(row, chargers=list(chargers))


class OcpiLocationListResponse(ListResponse[OcpiLocationResponse]):
    """One page of OCPI locations."""


OCPI_LOCATION = OneRow(
    OcpiLocationResponse,
    store.ocpi_locations,
    {"location_id": OcpiLocation.id, "cpo_id": OcpiLocation.network_id},
)
OCPI_LOCATIONS = NumberedRows(
    OcpiLocationResponse, store.ocpi_locations, store.NEWEST_FIRST, {"cpo_id": OcpiLocation.network_id}
)


class OcpiLocationFailure(Response):
    """A site of a bulk request that was not created."""

    index: int = Field(description="Its place in the request, from 0.")
    name: str | None = None
    error: str

    @classmethod
    def of(cls, item: JobItem) -> Self:
        return cls.read(item, error=(item.error or {}).get("message", ""))


class OcpiLocationResults(JobResults):
    """The sites that a bulk request created, and those that it did not."""

    created: list[OcpiLocationResponse]
    failed: list[OcpiLocationFailure]


class LocationBulkAcceptedResponse(JobAccepted):
    """Sites that are being created."""


class LocationBulkStatusResponse(JobStatus):
    """How the creation of sites stands."""

    results: OcpiLocationResults | None = Field(None, description="Once READY.")


def _branch(item: Any) -> str:
    return "<template>" if isinstance(item, dict) and "template" in item else "<full>"


LocationItem = Annotated[
    Annotated[CreateOcpiLocationInput, Tag("<full>")] | Annotated[LocationFromTemplateInput, Tag("<template>")],
    Discriminator(_branch),
]


class CreateLocationsBulkRequest(BaseModel):
    """Sites to create, each in full or from a template."""

    locations: list[LocationItem] = Field(
        min_length=1,
        max_length=MAX_BULK_LOCATIONS,
        description="1 to 10,000 sites, with at most 100,000 chargers in all.",
    )


async def answers(ctx: Context, rows: Sequence[OcpiLocation]) -> list[OcpiLocationResponse]:
    """The answers for sites with their chargers and EVSEs, made in batches and in a thread: others get their turn."""
    made: list[OcpiLocationResponse] = []
    for batch in batches(rows, SITES_AT_ONCE):
        chargers = await chargers_by_location(ctx, [row.location_id for row in batch])
        evses = await evses_by_charger(ctx, [charger.id for here in chargers.values() for charger in here])
        made += await asyncio.to_thread(_made, batch, chargers, evses)
    return made


def _made(
    rows: Sequence[OcpiLocation], chargers: Mapping[str, Sequence[Charger]], evses: Mapping[str, Sequence[Evse]]
) -> list[OcpiLocationResponse]:
    return [
        OcpiLocationResponse.of(row, [ChargerSummary.of(each, evses[each.id]) for each in chargers[row.location_id]])
        for row in rows
    ]


async def list_ocpi_locations(ctx: Context, cpo_id: CpoId, query: PageQuery) -> OcpiLocationListResponse:
    """Sites of a network, newest first."""
    listing = await ocpi_locations.list_ocpi_locations(ctx, cpo_id, page=query.page, limit=query.limit)
    return OcpiLocationListResponse.of(listing, query, await answers(ctx, listing.rows))


async def create_ocpi_locations(
    ctx: Context, cpo_id: CpoId, body: CreateLocationsBulkRequest, idempotency_key: IdempotencyKey | None
) -> LocationBulkAcceptedResponse:
    """Creates sites of a network, durably. The answer comes at once; poll its status_url."""
    # thousands of sites take long enough to hold up everybody else on the loop
    request = await asyncio.to_thread(_input_of, cpo_id, body, idempotency_key)
    job = await bulk.bulk_create_ocpi_locations(ctx, request)
    return LocationBulkAcceptedResponse.of(job, f"/ocpi/cpos/{cpo_id}/locations")


def _input_of(
    cpo_id: str, body: CreateLocationsBulkRequest, idempotency_key: str | None
) -> BulkCreateOcpiLocationsInput:
    sites = [
        BulkOcpiLocationInput(from_template=item)
        if isinstance(item, LocationFromTemplateInput)
        else BulkOcpiLocationInput(location=item)
        for item in body.locations
    ]
    return BulkCreateOcpiLocationsInput(cpo_id=cpo_id, locations=sites, idempotency_key=idempotency_key)


async def get_ocpi_locations_job(ctx: Context, cpo_id: CpoId, job_id: Id) -> LocationBulkStatusResponse:
    """How a creation of sites stands, and once it is READY what it made."""
    job = await jobs.get_job(ctx, job_id, network_id=cpo_id)
    if job.status != ProvisioningStatus.READY:
        return LocationBulkStatusResponse.of(job, None)
    made = await jobs.results_of(ctx, job)
    created = await answers(ctx, [row for row in made.created if isinstance(row, OcpiLocation)])
    failed = await shown(OcpiLocationFailure.of, made.failed)
    return LocationBulkStatusResponse.of(job, OcpiLocationResults.of(created, failed))


async def get_ocpi_location(ctx: Context, cpo_id: CpoId, location_id: Id) -> OcpiLocationResponse:
    """One site of a network."""
    row = await ocpi_locations.get_ocpi_location(ctx, location_id, cpo_id=cpo_id)
    return (await answers(ctx, [row]))[0]


async def update_ocpi_location(
    ctx: Context, cpo_id: CpoId, location_id: Id, body: OcpiLocationChanges
) -> OcpiLocationResponse:
    """Changes a site of a network: a key left out keeps its value, null clears it where that is possible."""
    row = await ocpi_locations.update_ocpi_location(ctx, location_id, body, cpo_id=cpo_id)
    return (await answers(ctx, [row]))[0]


async def delete_ocpi_location(ctx: Context, cpo_id: CpoId, location_id: Id) -> None:
    """Deletes a site of a network with its chargers."""
    await ocpi_locations.delete_ocpi_location(ctx, location_id, cpo_id=cpo_id)
