"""The jobs of bulk requests, as they are accepted and polled (REST contract §6.3 and §11.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from pydantic import Field

from rest.responses import Instant, Item, ProvisioningErrorDetail, Response, Status
from storage.models import Job

Row = TypeVar("Row")


async def shown(of: Callable[[Row], Item], rows: Sequence[Row]) -> list[Item]:
    """What a job made or gave up, as it is answered; thousands are made in a thread, so that others get their turn."""
    return await asyncio.to_thread(lambda: [of(row) for row in rows])


class JobAccepted(Response):
    """A bulk request that is being worked off."""

    job_id: str
    status: Status
    workflow_run_id: str | None = None
    status_url: str = Field(description="Poll it until the status is READY or FAILED.")

    @classmethod
    def of(cls, row: Job, collection: str) -> Self:
        """`collection` is the path that the request was sent to."""
        return cls.read(row, job_id=row.id, status_url=f"{collection}/jobs/{row.id}")


class JobStatus(Response):
    """How a bulk request stands."""

    job_id: str
    job_type: str | None = None
    status: Status | None = None
    workflow_run_id: str | None = None
    error: ProvisioningErrorDetail | None = None
    provisioned_at: Instant | None = None

    @classmethod
    def of(cls, row: Job, results: Response | None) -> Self:
        """`results` are what the job made, once it is READY."""
        error = row.error and ProvisioningErrorDetail(**row.error)
        return cls.read(row, job_id=row.id, job_type=row.type, error=error, results=results)


class JobResults(Response):
    """What a job made and what it gave up, in the order of the request."""

    created_count: int
    failed_count: int
    created: list[Any]
    failed: list[Any]

    @classmethod
    def of(cls, created: Sequence[Response], failed: Sequence[Response]) -> Self:
        return cls(created_count=len(created), failed_count=len(failed), created=list(created), failed=list(failed))
