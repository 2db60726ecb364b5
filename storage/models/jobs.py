"""Durable work as clients see it: the job, its items, and the numbered events its watchers resume behind."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Record, TenantOwned, Text, utc_now
from storage.models.provisioning import Provisioned


class JobType(StrEnum):
    BULK_CREATE_OCPI_LOCATIONS = "BULK_CREATE_OCPI_LOCATIONS"
    BULK_CREATE_CHARGERS = "BULK_CREATE_CHARGERS"
    CREATE_CPO = "CREATE_CPO"
    CREATE_CHARGER = "CREATE_CHARGER"


class JobItemStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Job(TenantOwned, Provisioned, Record, Base):
    """One accepted piece of work. `sequence` numbers its events; the counts change with it in one transaction."""

    __tablename__ = "jobs"

    type: Mapped[str] = mapped_column(Text(32))
    network_id: Mapped[int | None] = mapped_column(ForeignKey("networks.id", ondelete="SET NULL"), index=True)
    location_id: Mapped[str | None] = mapped_column(ForeignKey("locations.id", ondelete="SET NULL"), index=True)
    total: Mapped[int]
    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    current_step: Mapped[str | None] = mapped_column(Text(64))
    cancelled_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None] = mapped_column(Text(255))
    input_digest: Mapped[str | None] = mapped_column(Text(64))

    __table_args__ = (
        Index("ix_jobs_organization_id_created_at_id", "organization_id", "created_at", "id"),
        Index("ix_jobs_status", "status"),  # without updated_at, which every item changes
        Index("uq_jobs_organization_id_idempotency_key", "organization_id", "idempotency_key", unique=True),
    )


class JobItem(TenantOwned, Base):
    """One unit of a job: `payload` is the validated input it is made from, `error` as in `Provisioned`."""

    __tablename__ = "job_items"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(Text(255))
    payload: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(Text(16), default=JobItemStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None]
    ocpi_location_id: Mapped[str | None] = mapped_column(Text(64))
    charger_id: Mapped[str | None] = mapped_column(Text(64))


class JobEvent(TenantOwned, Base):
    """One change of a job with the counts after it; `item_index` names the item that changed, if one did."""

    __tablename__ = "job_events"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    item_index: Mapped[int | None]
    status: Mapped[str] = mapped_column(Text(16))
    succeeded: Mapped[int]
    failed: Mapped[int]
    emitted_at: Mapped[datetime] = mapped_column(default=utc_now)
