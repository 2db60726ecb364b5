"""Durable work: jobs, their items, and how they progress."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from resolvers import jobs as resolvers
from resolvers import work
from resolvers.chargers import chargers_by_id
from resolvers.cpos import cpos_by_id
from resolvers.filters import JobFilter
from resolvers.inputs import CancelJobInput, RetryJobInput
from resolvers.loaders import load, load_all
from resolvers.locations import locations_by_id
from resolvers.ocpi_locations import ocpi_locations_by_id
from schema.chargers import Charger
from schema.connections import After, Before, Connection, First, Last, Rows
from schema.cpos import Cpo
from schema.fields import INPUT, Id, Info, attribute, embedded, field, mutation, subscription
from schema.locations import Location
from schema.nodes import Node
from schema.ocpi_locations import OcpiLocation
from schema.provisioning import Failable
from storage import models
from storage.models import JobItemStatus, JobType, ProvisioningStatus
from storage.paging import window
from storage.work import Progress

Where = Annotated[JobFilter | None, strawberry.argument(description="Only jobs for which this holds.")]
ItemStatus = Annotated[JobItemStatus | None, strawberry.argument(description="Only items in this status.")]
Behind = Annotated[
    int | None,
    strawberry.argument(description="Resume behind this sequence number instead of beginning with the state now."),
]


@strawberry.type(description="How far a job has come.")
class JobProgress:
    total: int = attribute("Items in all.")
    succeeded: int = attribute("Items that are done.")
    failed: int = attribute("Items that were given up.")
    current_step: str | None = attribute("What it is at.")

    @field("Items done or given up, from 0 to 100.", float)
    def percent(self: models.Job) -> float:
        return round(100 * (self.succeeded + self.failed) / self.total, 2) if self.total else 100.0


@strawberry.type(description="One unit of a job.")
class JobItem(Failable):
    index: int = attribute("Its place in the request, from 0.")
    name: str | None = attribute("The name or identity of what it makes.")
    status: JobItemStatus = attribute("How far it has come.")
    attempts: int = attribute("How often it was begun.")

    @field("The OCPI location that it made.", OcpiLocation | None)
    async def ocpi_location(self: models.JobItem, info: Info) -> models.OcpiLocation | None:
        return await load(info.context, ocpi_locations_by_id, self.ocpi_location_id) if self.ocpi_location_id else None

    @field("The charger that it made.", Charger | None)
    async def charger(self: models.JobItem, info: Info) -> models.Charger | None:
        return await load(info.context, chargers_by_id, self.charger_id) if self.charger_id else None


@strawberry.type(description="A durable piece of work that goes on whatever happens to the process that accepted it.")
class Job(Failable, Node):
    row = models.Job

    type: JobType = attribute("What it does.")
    status: ProvisioningStatus = attribute("How far it has come.")
    workflow_run_id: str = attribute("Names its workflow, for support.")
    progress: JobProgress = embedded("How far it has come, in numbers.")
    created_at: datetime = attribute("When it was accepted.")
    updated_at: datetime = attribute("When it last changed.")
    provisioned_at: datetime | None = attribute("When it became READY.")

    @field("Its items, in the order of the request.", Connection[JobItem])
    async def items(
        self: models.Job, info: Info, first: First = None, after: After = None, status: ItemStatus = None
    ) -> Rows:
        page = window(first, after, None, None)
        return Rows(
            await load_all(info.context, resolvers.item_pages, self.id, status, page),
            partial(load_all, info.context, resolvers.item_counts, self.id, status),
        )

    @field("The network it works on.", Cpo | None)
    async def cpo(self: models.Job, info: Info) -> models.Cpo | None:
        return await load(info.context, cpos_by_id, self.network_id) if self.network_id else None

    @field("The location it works on.", Location | None)
    async def location(self: models.Job, info: Info) -> models.Location | None:
        return await load(info.context, locations_by_id, self.location_id) if self.location_id else None


@strawberry.type(description="A change of a job.")
class JobProgressEvent:
    sequence: int = attribute("Counts the job's changes; give it as `after` to resume behind it.")
    job: models.Job = attribute("The job as it was after the change.", Job)
    emitted_at: datetime = attribute("When it changed.")
    item: models.JobItem | None = attribute("The item that changed, if one did.", JobItem | None)


@strawberry.type
class JobQuery:
    @field("A job by its id.", Job | None)
    async def job(self, info: Info, id: Id) -> models.Job | None:
        return await resolvers.find_job(info.context, id)

    @field("The jobs of the organization, newest first.", Connection[Job])
    async def jobs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: Where = None,
    ) -> Rows:
        page = window(first, after, last, before)
        return Rows(
            await resolvers.page_jobs(info.context, where, page), partial(resolvers.count_jobs, info.context, where)
        )


@strawberry.type(description="The job that was cancelled.")
class CancelJobPayload:
    job: models.Job = attribute("The job as it is now.", Job)


@strawberry.type(description="The job that tries again.")
class RetryJobPayload:
    job: models.Job = attribute("The new job.", Job)


@strawberry.type
class JobMutation:
    @mutation("Stops a job before its next item. What it made stays; a job that is over is answered as it is.")
    async def cancel_job(self, info: Info, input: Annotated[CancelJobInput, INPUT]) -> CancelJobPayload:
        return CancelJobPayload(job=await work.cancel_job(info.context, input.id))

    @mutation("Starts a new job with the failed items of one that is over, which itself stays as it is.")
    async def retry_job(self, info: Info, input: Annotated[RetryJobInput, INPUT]) -> RetryJobPayload:
        return RetryJobPayload(job=await work.retry_job(info.context, input.id))


@strawberry.type
class JobSubscription:
    @subscription(
        "The job's state now, then one event per change, completing after the terminal one. `after` resumes behind a "
        "sequence number, so a reconnecting client misses nothing.",
        JobProgressEvent,
    )
    async def job_progress(self, info: Info, job_id: Id, after: Behind = None) -> AsyncIterator[Progress]:
        async for event in work.progress(info.context, job_id, after):
            info.context.loaders.clear()  # each event is answered with what is true at its time
            yield event
