"""Works a job off: item after item, each one idempotent transaction that holds its rows, its state and its count.

The functions here run in the durable engine's threads. They may be run again at any time, by this process or by
another one, also at the same time: what is done is skipped, and the guards of `storage.work` let only one of two
workers commit an item.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from errors import Unavailable
from jobs.chargers import BulkCharger, SingleCharger
from jobs.feed import Feed
from jobs.ocpi_locations import OcpiLocationUnit
from jobs.units import Prepare, Unit, error_of
from storage import settling, work
from storage.bulk import Batch
from storage.database import Database, is_conflict, violated_table
from storage.equipment import Catalog, ItemFailed
from storage.models import Charger, Job, JobItem, JobType
from storage.session import TenantSession

log = logging.getLogger("chargeyard.jobs")

MAX_ATTEMPTS = 5  # of an item that fails for no known reason
MANY = 1_000  # items after which the database has to look at its tables anew
LOOKED_UP = 1_000  # identities of a site, to tell which of them is in use
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

UNITS: dict[str, Prepare] = {
    JobType.BULK_CREATE_OCPI_LOCATIONS: OcpiLocationUnit.prepare,
    JobType.CREATE_CPO: OcpiLocationUnit.prepare,
    JobType.BULK_CREATE_CHARGERS: BulkCharger.prepare,
    JobType.CREATE_CHARGER: SingleCharger.prepare,
}

Result = TypeVar("Result")
EnqueueChunk = Callable[[TenantSession, str, str, int, int], None]


class Stopping(BaseException):
    """The process shuts down: no outcome may be recorded, so that the workflow goes on elsewhere or later.

    Not an Exception, because the durable engine records those as the workflow's failure.
    """


class Retry(Exception):
    """The item failed in passing: try it again. The text is what the client reads if it never succeeds."""


class Worker:
    """What the workflows of one process share. A job of no more than `chunk` items is not split."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        feed: Feed,
        *,
        chunk: int,
        enqueue_chunk: EnqueueChunk,
        deploy: Callable[[Sequence[str]], None],
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._feed = feed
        self._chunk = chunk
        self._enqueue_chunk = enqueue_chunk
        self._deploy = deploy
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._running: list[str] = []

    def stop(self, timeout_s: float) -> bool:
        """Lets each running item end and starts no other; False when some still ran after the timeout."""
        self._stopping.set()
        with self._idle:
            return self._idle.wait_for(lambda: not self._running, timeout_s)

    def is_running(self, job_id: str) -> bool:
        return job_id in self._running

    def run_job(self, job_id: str, tenant: str, workflow_id: str) -> None:
        """Starts a job: works a short one off at once, splits a long one into chunks."""
        with self._counted(job_id):
            job = self._patiently(lambda: self._start(job_id, tenant, workflow_id))
            if job is None:
                return
            log.info("job %s started: %s, %d items, tenant %s", job.id, job.type, job.total, tenant)
            if job.total <= self._chunk:
                self._work_off(job, 0, job.total)

    def run_chunk(self, job_id: str, tenant: str, first: int, last: int) -> None:
        """Works off the items from `first` to before `last`."""
        with self._counted(job_id):
            job = self._patiently(lambda: self._start(job_id, tenant))
            if job is not None:
                self._work_off(job, first, last)

    def _start(self, job_id: str, tenant: str, workflow_id: str | None = None) -> Job | None:
        with self._database.work(tenant) as session:
            job = work.start(session, job_id)
            if job is not None and workflow_id is not None and job.total > self._chunk:
                for first in range(0, job.total, self._chunk):
                    last = min(first + self._chunk, job.total)
                    self._enqueue_chunk(session, f"{workflow_id}:c{first // self._chunk}", job_id, first, last)
        self._feed.wake(job_id)
        return job

    def _work_off(self, job: Job, first: int, last: int) -> None:
        items = self._patiently(lambda: self._open_items(job, first, last))
        is_claimed = False
        try:
            for item, following in zip_longest(items, items[1:]):
                if not is_claimed and not self._claim(job, item):
                    continue
                if self._stopping.is_set():
                    self._let_go(job, item)
                    raise Stopping
                try:
                    is_claimed = self._work_item(job, item, following)
                except settling.Taken:
                    is_claimed = False
        except work.JobOver:
            log.info("job %s is over, tenant %s: stopped at item %d", job.id, job.organization_id, item.index)

    def _work_item(self, job: Job, item: JobItem, following: JobItem | None) -> bool:
        """Makes one item, or records why it could not be made; whether it claimed the following one with it."""
        failures = 0
        while True:
            try:
                return self._patiently(lambda: self._make(job, item, following))
            except Retry as exc:
                error = error_of("unknown_error", str(exc), step=self._step(job, item), retryable=True)
            except ItemFailed as exc:
                error = error_of(exc.code, str(exc), step=exc.step or self._step(job, item), param=exc.param)
                failures = MAX_ATTEMPTS
            failures += 1
            if failures >= MAX_ATTEMPTS:
                return self._patiently(lambda error=error: self._fail(job, item, following, error))  # type: ignore[misc]
            self._pause(failures)
            if not self._claim(job, item):
                return False

    def _make(self, job: Job, item: JobItem, following: JobItem | None) -> bool:
        with self._failures_told(job, item):
            unit = UNITS[job.type](job, item, self._catalog)
            with self._conflicts_told(job, item, unit), self._database.batch(job.organization_id) as batch:
                settlement = settling.Settlement(batch, job, item.index, step=self._step(job, item), made=unit.made)
                unit.write(batch)
                completed = self._complete(batch, settlement, job, following)
        if unit.made.deploy:
            self._deploy(unit.made.deploy)
        self._tell(job, is_last=completed.is_last)
        return completed.has_claimed_next

    def _fail(self, job: Job, item: JobItem, following: JobItem | None, error: dict[str, Any]) -> bool:
        with self._database.batch(job.organization_id) as batch:
            settlement = settling.Settlement(batch, job, item.index, step=self._step(job, item), error=error)
            completed = self._complete(batch, settlement, job, following)
        log.warning("job %s item %d failed, tenant %s: %s", job.id, item.index, job.organization_id, error)
        self._tell(job, is_last=completed.is_last)
        return completed.has_claimed_next

    def _complete(
        self, batch: Batch, settlement: settling.Settlement, job: Job, following: JobItem | None
    ) -> settling.Completed:
        completed = settlement.complete(None if following is None else following.index)
        if following is not None:
            following.attempts += completed.has_claimed_next
        self._feed.announce(batch, job.id, urgent=completed.is_last)
        return completed

    def _tell(self, job: Job, *, is_last: bool) -> None:
        self._feed.wake(job.id)
        if is_last:
            log.info("job %s is done, tenant %s", job.id, job.organization_id)
            if job.total >= MANY:
                with suppress(Unavailable):  # autovacuum will come
                    self._database.analyze()

    def _claim(self, job: Job, item: JobItem) -> bool:
        """Counts one more attempt; False when somebody else has made the item."""

        def claim() -> bool:
            with self._database.batch(job.organization_id) as batch:
                return settling.claim(batch, job.id, item.index)

        claimed = self._patiently(claim)
        item.attempts += claimed
        return claimed

    def _let_go(self, job: Job, item: JobItem) -> None:
        """Leaves a claimed item as if it had not been claimed, so that its attempts stay true."""
        with suppress(Unavailable), self._database.batch(job.organization_id) as batch:
            settling.let_go(batch, job.id, item.index)

    def _open_items(self, job: Job, first: int, last: int) -> list[JobItem]:
        with self._database.work(job.organization_id) as session:
            return settling.open_items(session, job.id, first, last)

    @contextmanager
    def _failures_told(self, job: Job, item: JobItem) -> Iterator[None]:
        """The engine's edge: what nobody expected is logged, and the item tried again."""
        try:
            yield
        except (ItemFailed, Retry, Unavailable, work.JobOver, settling.Taken):
            raise
        except Exception as exc:
            log.exception("job %s item %d, tenant %s: unexpected error", job.id, item.index, job.organization_id)
            raise Retry("An unexpected error; the log has it under the job's id.") from exc

    @contextmanager
    def _conflicts_told(self, job: Job, item: JobItem, unit: Unit) -> Iterator[None]:
        """Says in the contract's codes which row was refused. Raises Taken where the rows are another worker's."""
        try:
            yield
        except IntegrityError as exc:
            if not self._is_open(job, item):
                raise settling.Taken from exc
            table = violated_table(exc)
            if is_conflict(exc) and table in {"deployments", "ocpi_evses"}:
                raise self._identity_conflict(job, unit) from exc
            if is_conflict(exc):
                raise Retry(f"A row of {table} was in the way.") from exc
            raise self._parent_gone(job, unit) from exc

    def _is_open(self, job: Job, item: JobItem) -> bool:
        with self._database.work(job.organization_id) as session:
            return settling.is_open(session, job.id, item.index)

    def _identity_conflict(self, job: Job, unit: Unit) -> ItemFailed:
        identities = unit.identities
        with self._database.work(job.organization_id) as session:
            used = session.scalars(select(Charger.identity).where(Charger.identity.in_(identities[:LOOKED_UP]))).all()
        twice = {identity for identity, times in Counter(identities).items() if times > 1}
        names = ", ".join(sorted({*used, *twice})[:5]) or "one of the EVSE ids"
        return ItemFailed("identity_conflict", f"Already in use: {names}.", param="identity", step=unit.step)

    def _parent_gone(self, job: Job, unit: Unit) -> ItemFailed:
        if job.network_id is not None:
            return ItemFailed("cpo_gone", "The network was deleted.", param="cpo_id", step=unit.step)
        return ItemFailed("location_not_found", "The location was deleted.", param="location_id", step=unit.step)

    def _step(self, job: Job, item: JobItem) -> str:
        kind = "location" if job.network_id is not None else "charger"
        return f"{kind}-{item.index}"

    def _patiently(self, action: Callable[[], Result]) -> Result:
        """Repeats an action for as long as the database is away: an outage fails no item, however long it lasts."""
        failures = 0
        while True:
            if self._stopping.is_set():
                raise Stopping
            try:
                return action()
            except Unavailable as exc:
                failures += 1
                log.warning("the database does not answer (%s); trying again", _reason(exc))
                self._pause(failures)

    def _pause(self, failures: int) -> None:
        """Waits longer after each failure, and never as long as another worker that failed at the same time."""
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**failures)
        self._stopping.wait(random.uniform(longest / 2, longest))

    @contextmanager
    def _counted(self, job_id: str) -> Iterator[None]:
        with self._idle:
            self._running.append(job_id)
        try:
            yield
        finally:
            with self._idle:
                self._running.remove(job_id)
                self._idle.notify_all()


def _reason(exc: BaseException) -> str:
    """The driver's own words, without the statement."""
    cause = getattr(exc.__cause__, "orig", None) or exc.__cause__ or exc
    return str(cause).partition("\n")[0]
