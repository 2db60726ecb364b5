"""The guarded changes by which the items of a job are worked off: claimed, settled and counted.

A unit is one transaction: its item is settled, its rows are written, the job counts it with an event, the next item is
claimed. All of it goes to the database as one batch. The guards in the WHERE clauses fence a second worker of the same
item: whoever comes late changes no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Integer, Table, bindparam, func, insert, or_, select, update

from storage.bulk import Batch
from storage.models import Job, JobEvent, JobItem, JobItemStatus, JobType, ProvisioningStatus, utc_now
from storage.session import TenantSession
from storage.work import OPEN_ITEM, JobOver, Made, finish, hold_site, mark_network

_jobs, _items, _events = (cast("Table", model.__table__) for model in (Job, JobItem, JobEvent))


class Taken(Exception):
    """Another worker has settled the item: what the transaction holds must not be committed."""


def open_items(session: TenantSession, job_id: str, first: int, last: int) -> list[JobItem]:
    """The items from `first` to before `last` that are not done, in order."""
    wanted = select(JobItem).where(
        JobItem.job_id == job_id, JobItem.index >= first, JobItem.index < last, JobItem.status.in_(OPEN_ITEM)
    )
    return list(session.scalars(wanted.order_by(JobItem.index)))


def is_open(session: TenantSession, job_id: str, index: int) -> bool:
    """Whether an item is still to be done."""
    return bool(open_items(session, job_id, index, index + 1))


def claim(batch: Batch, job_id: str, index: int) -> bool:
    """Marks an open item as being tried once more; False when it is not open."""
    batch.execute(_CLAIM, of_job=job_id, at_index=index)
    return batch.run()[0].changed == 1


def let_go(batch: Batch, job_id: str, index: int) -> None:
    """Takes a claim back: the item was not begun."""
    batch.execute(_LET_GO, of_job=job_id, at_index=index)
    batch.run()


@dataclass(frozen=True)
class Completed:
    """What completing an item led to."""

    is_last: bool
    has_claimed_next: bool


class Settlement:
    """One item on its way to being done, with what it made or why it failed. Its unit adds its rows to the batch."""

    def __init__(
        self,
        batch: Batch,
        job: Job,
        index: int,
        *,
        step: str,
        made: Made | None = None,
        error: dict[str, Any] | None = None,
    ) -> None:
        self._batch = batch
        self._job = job
        self._index = index
        self._step = step
        self._succeeded = made is not None
        if job.location_id is not None:
            hold_site(batch.session, job.id)
        # first, because its row lock is what a second worker waits for
        self._settled = self._batch.execute(
            _SETTLE,
            of_job=job.id,
            at_index=index,
            outcome=JobItemStatus.FAILED if made is None else JobItemStatus.SUCCEEDED,
            reason=error,
            made_location=made and made.ocpi_location_id,
            made_charger=made and made.charger_id,
        )

    def complete(self, following: int | None) -> Completed:
        """Sends the batch, with the count, its event and the claim of the next item; ends the job after its last.

        Raises Taken and JobOver, and IntegrityError for a row that was refused.
        """
        at = utc_now()
        # late, because it locks the job's row
        counted = self._batch.execute(
            _COUNT,
            of_job=self._job.id,
            more_succeeded=int(self._succeeded),
            more_failed=int(not self._succeeded),
            step=self._step,
            at=at,
        )
        told = self._batch.execute(_TELL, of_job=self._job.id, at_index=self._index, at=at)
        claimed = None
        if following is not None:
            claimed = self._batch.execute(_CLAIM, of_job=self._job.id, at_index=following)
        results = self._batch.run()
        if results[self._settled].changed == 0:
            raise Taken
        if results[counted].changed == 0:
            raise JobOver
        is_last = sum(results[told].row or ()) == self._job.total
        if self._job.type == JobType.CREATE_CPO:
            mark_network(self._batch.session, self._job, ProvisioningStatus.PROVISIONING, self._step)
        if is_last:
            finish(self._batch.session, self._job.id)
        return Completed(is_last, claimed is not None and results[claimed].changed == 1)


def _is_open_item() -> tuple[ColumnElement[bool], ...]:
    return (
        _items.c.job_id == bindparam("of_job"),
        _items.c.index == bindparam("at_index"),
        _items.c.organization_id == bindparam("tenant"),
        or_(*(_items.c.status == status for status in OPEN_ITEM)),  # IN would be expanded anew at each execution
    )


def _is_open_job() -> tuple[ColumnElement[bool], ...]:
    return (
        _jobs.c.id == bindparam("of_job"),
        _jobs.c.organization_id == bindparam("tenant"),
        _jobs.c.status == ProvisioningStatus.PROVISIONING,
        _jobs.c.cancelled_at.is_(None),
    )


_CLAIM = update(_items).where(*_is_open_item()).values(status=JobItemStatus.RUNNING, attempts=_items.c.attempts + 1)
_LET_GO = update(_items).where(*_is_open_item()).values(status=JobItemStatus.PENDING, attempts=_items.c.attempts - 1)
_SETTLE = (
    update(_items)
    .where(*_is_open_item())
    .values(
        status=bindparam("outcome"),
        error=bindparam("reason", type_=_items.c.error.type),
        ocpi_location_id=bindparam("made_location"),
        charger_id=func.coalesce(bindparam("made_charger"), _items.c.charger_id),
    )
)
_COUNT = (
    update(_jobs)
    .where(*_is_open_job())
    .values(
        succeeded=_jobs.c.succeeded + bindparam("more_succeeded"),
        failed=_jobs.c.failed + bindparam("more_failed"),
        sequence=_jobs.c.sequence + 1,
        current_step=bindparam("step"),
        updated_at=bindparam("at"),
    )
)
_TELL = (
    insert(_events)
    .from_select(
        ["job_id", "organization_id", "sequence", "status", "succeeded", "failed", "item_index", "emitted_at"],
        select(
            _jobs.c.id,
            _jobs.c.organization_id,
            _jobs.c.sequence,
            _jobs.c.status,
            _jobs.c.succeeded,
            _jobs.c.failed,
            bindparam("at_index", type_=Integer),
            bindparam("at", type_=_jobs.c.updated_at.type),
        ).where(*_is_open_job()),
    )
    .returning(_events.c.succeeded, _events.c.failed)
)
