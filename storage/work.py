"""The rows of durable work: accepting a job, starting, ending and cancelling it, and the events of its progress.

Every change of a job bumps its `sequence` and writes the event of that number in the same transaction, so that counts,
item states and events never disagree. Functions are synchronous; a request calls them through `AsyncSession.run_sync`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.bulk import insert_rows
from storage.jobs import items
from storage.models import (
    Charger,
    Cpo,
    Job,
    JobEvent,
    JobItem,
    JobItemStatus,
    JobType,
    Location,
    Organization,
    ProvisioningStatus,
    utc_now,
)
from storage.session import TenantSession

OPEN_ITEM = (JobItemStatus.PENDING, JobItemStatus.RUNNING)
OPEN_JOB = (ProvisioningStatus.PENDING, ProvisioningStatus.PROVISIONING)
EVENT_PAGE = 500


@dataclass(frozen=True)
class Progress:
    """The state of a job at one of its events, and the item that changed, if one did."""

    sequence: int
    job: Job
    emitted_at: datetime
    item: JobItem | None = None


class JobOver(Exception):
    """The job was cancelled, or is finished or gone: what the transaction holds must not be committed."""


@dataclass(frozen=True)
class NewItem:
    """One unit of a job to accept."""

    name: str | None
    payload: dict[str, Any]
    charger_id: str | None = None


@dataclass(frozen=True)
class Made:
    """What a unit wrote; `deploy` are the chargers whose runtimes start once it is committed."""

    ocpi_location_id: str | None = None
    charger_id: str | None = None
    deploy: Sequence[str] = ()


def lock_tenant(session: Session) -> None:
    """Makes the tenant's accepts wait for each other, so that limits and idempotency keys are checked without a race.

    On SQLite every writer waits anyway.
    """
    tenant = session.info["tenant"]
    session.execute(select(Organization.id).where(Organization.id == tenant).with_for_update())


def open_work(session: Session) -> tuple[int, int]:
    """How many jobs of the tenant are open, and how many items they still have to do."""
    left = func.coalesce(func.sum(Job.total - Job.succeeded - Job.failed), 0)
    jobs, items = session.execute(select(func.count(), left).where(Job.status.in_(OPEN_JOB))).one()
    return jobs, int(items)


def job_by_key(session: Session, idempotency_key: str) -> Job | None:
    return session.scalars(select(Job).where(Job.idempotency_key == idempotency_key)).one_or_none()


def add_job(session: Session, job: Job, new: Sequence[NewItem]) -> None:
    """Writes the job and its items; the session must still be committed."""
    session.add(job)
    session.flush()
    rows = [
        {
            "job_id": job.id,
            "index": index,
            "name": item.name,
            "payload": item.payload,
            "status": JobItemStatus.PENDING,
            "attempts": 0,
            "charger_id": item.charger_id,
        }
        for index, item in enumerate(new)
    ]
    insert_rows(session, JobItem, rows)


def items_to_retry(session: Session, job_id: str) -> list[NewItem]:
    """The failed items of a job, as the items of a new one."""
    failed = select(JobItem).where(JobItem.job_id == job_id, JobItem.status == JobItemStatus.FAILED)
    return [
        NewItem(item.name, item.payload, item.charger_id) for item in session.scalars(failed.order_by(JobItem.index))
    ]


def reopen(session: Session, job: Job) -> bool:
    """Takes the network or the charger of a job back to its beginning; False where it has not failed, or is gone.

    Another try may have made it, or be about to: one more could only fail, and what is READY with it. It is locked from
    here on, and of a charger the site must be before.
    """
    model: type[Cpo] | type[Charger]
    made: Any
    if job.type == JobType.CREATE_CPO:
        model, made = Cpo, job.network_id
    elif job.type == JobType.CREATE_CHARGER:
        model, made = Charger, _charger_of(job)
    else:
        return True  # it makes many things, each for itself
    failed = update(model).where(model.id == made, model.status == ProvisioningStatus.FAILED).returning(model.id)
    begun = failed.values(status=ProvisioningStatus.PENDING, error=None, provisioned_at=None)
    return session.scalars(begun.execution_options(synchronize_session=False)).one_or_none() is not None


def start(session: TenantSession, job_id: str) -> Job | None:
    """The job, from now on PROVISIONING; None when it is over or gone. Starting twice is harmless."""
    job = session.scalars(select(Job).where(Job.id == job_id, Job.status.in_(OPEN_JOB)).with_for_update()).one_or_none()
    if job is None or job.cancelled_at is not None:
        return None
    if job.status == ProvisioningStatus.PENDING:
        job.status = ProvisioningStatus.PROVISIONING
        job.current_step = "mark-provisioning"
        _announce(session, job)
        if job.type == JobType.CREATE_CPO:
            mark_network(session, job, ProvisioningStatus.PROVISIONING, "mark-provisioning")
    return job


def hold_site(session: Session, job_id: str) -> None:
    """Until the commit, nobody deletes the site that a job works at.

    Who deletes it locks it first, then its chargers, then the jobs that name it; so must who changes any of these.
    """
    site = select(Job.location_id).where(Job.id == job_id).scalar_subquery()
    session.execute(select(Location.id).where(Location.id == site).with_for_update(read=True, key_share=True))


def finish(session: TenantSession, job_id: str) -> None:
    """Ends a job whose items are all done: READY, or FAILED where a single thing was asked for and did not come.

    A bulk request that made nothing is READY too: its results tell why, item by item.
    """
    job = session.scalars(
        select(Job).where(Job.id == job_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    error = None
    if job.failed and job.type in {JobType.CREATE_CPO, JobType.CREATE_CHARGER}:
        failed = select(JobItem.error).where(JobItem.job_id == job_id, JobItem.status == JobItemStatus.FAILED)
        error = session.scalars(failed.order_by(JobItem.index).limit(1)).one()
    _end(session, job, error)


def request_cancel(session: Session, job_id: str) -> Job | None:
    """Marks an open job as cancelled: from the commit on, no item of it can be counted. None for an unknown id."""
    job = session.scalars(select(Job).where(Job.id == job_id).with_for_update()).one_or_none()
    if job is not None and job.status in OPEN_JOB and job.cancelled_at is None:
        job.cancelled_at = utc_now()
    return job


def finish_cancelled(session: Session, job_id: str) -> Job | None:
    """Ends a job that was marked as cancelled: what is left of its items fails with the code `cancelled`.

    It is a transaction of its own after the mark, because items are locked before their job.
    """
    error = {"code": "cancelled", "message": "The job was cancelled before this item was made.", "retryable": True}
    hold_site(session, job_id)
    session.execute(
        update(JobItem)
        .where(JobItem.job_id == job_id, JobItem.status.in_(OPEN_ITEM))
        .values(status=JobItemStatus.FAILED, error=error)
        .execution_options(synchronize_session=False)
    )
    job = session.scalars(
        select(Job).where(Job.id == job_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if job is None or job.status not in OPEN_JOB:
        return job
    job.failed = job.total - job.succeeded
    _end(session, job, {"code": "cancelled", "message": "The job was cancelled.", "retryable": True})
    return job


def _end(session: Session, job: Job, error: dict[str, Any] | None) -> None:
    job.status = ProvisioningStatus.READY if error is None else ProvisioningStatus.FAILED
    job.error = error
    job.current_step = None
    job.provisioned_at = utc_now() if error is None else None
    _announce(session, job)
    if job.type == JobType.CREATE_CPO:
        mark_network(session, job, ProvisioningStatus(job.status), None)
    elif job.type == JobType.CREATE_CHARGER and error is not None:
        _change(session, update(Charger).where(Charger.id == _charger_of(job)), status=job.status, error=error)


def _charger_of(job: Job) -> Any:
    """The only item's charger."""
    return select(JobItem.charger_id).where(JobItem.job_id == job.id).scalar_subquery()


def mark_network(session: Session, job: Job, status: ProvisioningStatus, step: str | None) -> None:
    """Shows the state of the job that makes a network on the network itself."""
    values = {"status": status, "error": job.error, "provisioned_at": job.provisioned_at, "current_step": step}
    _change(session, update(Cpo).where(Cpo.id == job.network_id), **values)


def _change(session: Session, statement: Any, **values: Any) -> None:
    session.execute(statement.values(values).execution_options(synchronize_session=False))


def _announce(session: Session, job: Job) -> None:
    """Gives the job's present state the next sequence number and writes it as an event."""
    job.sequence += 1
    job.updated_at = utc_now()
    session.flush()
    event = {
        "job_id": job.id,
        "sequence": job.sequence,
        "status": job.status,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "emitted_at": job.updated_at,
    }
    insert_rows(session, JobEvent, [event])


def is_over(job: Job) -> bool:
    """Whether the job has reached its last state."""
    return job.status not in OPEN_JOB


def events_behind(session: Session, job_id: str, sequence: int) -> list[Progress]:
    """The events of a job behind this number, oldest first, each with the job's state at that event; at most a page.

    Of a job that is over and whose events are gone, its last state stands for them.
    """
    job = session.scalars(select(Job).where(Job.id == job_id)).one_or_none()
    if job is None:
        return []
    found = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.sequence > sequence)
    events = session.scalars(found.order_by(JobEvent.sequence).limit(EVENT_PAGE)).all()
    if not events and is_over(job) and job.sequence > sequence:
        return [Progress(job.sequence, job, job.updated_at)]
    indices = [event.item_index for event in events if event.item_index is not None]
    found_items = items().where(JobItem.job_id == job_id, JobItem.index.in_(indices))
    changed: dict[int | None, JobItem] = {item.index: item for item in session.scalars(found_items)}
    return [
        Progress(event.sequence, _as_of(job, event), event.emitted_at, changed.get(event.item_index))
        for event in events
    ]


def _as_of(job: Job, event: JobEvent) -> Job:
    """A copy of the job, outside any session, in its state at an event."""
    if event.sequence == job.sequence:
        return job
    copy = Job(**{column.key: getattr(job, column.key) for column in Job.__mapper__.column_attrs})
    copy.status, copy.succeeded, copy.failed = event.status, event.succeeded, event.failed
    copy.sequence, copy.updated_at = event.sequence, event.emitted_at
    copy.error = copy.provisioned_at = None
    copy.current_step = None if event.item_index is None else job.current_step
    return copy
