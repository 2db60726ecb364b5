"""What the fleet keeps beside the chargers: its processes, their mailbox, and the changes of connector status."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Key, Record, TenantOwned, Text, utc_now


class FleetNode(Base):
    """A process that runs chargers of a provider. It is dead when it has not renewed `seen_at`, and its chargers go
    to the provider's others."""

    __tablename__ = "fleet_nodes"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    provider: Mapped[str] = mapped_column(Text(16))
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)


class FleetCommandStatus(StrEnum):
    """SENT → TAKEN by the charger's process → DONE with the answer, or REFUSED with the reason."""

    SENT = "SENT"
    TAKEN = "TAKEN"
    DONE = "DONE"
    REFUSED = "REFUSED"


class FleetCommand(TenantOwned, Record, Base):
    """A command on its way to a charger that another process runs, and the answer on its way back."""

    __tablename__ = "fleet_commands"

    charger_id: Mapped[str] = mapped_column(ForeignKey("deployments.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text(32))
    arguments: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(Text(8), default=FleetCommandStatus.SENT)
    answer: Mapped[dict[str, Any] | None]

    __table_args__ = (Index("ix_fleet_commands_status_created_at", "status", "created_at"),)


class ConnectorEvent(TenantOwned, Base):
    """One change of a connector's status: `status` as OCPI has it, `ocpp_status` as the charger reports it."""

    __tablename__ = "connector_events"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    charger_id: Mapped[str] = mapped_column(ForeignKey("deployments.id", ondelete="CASCADE"))
    connector_number: Mapped[int]
    status: Mapped[str] = mapped_column(Text(16))
    ocpp_status: Mapped[str] = mapped_column(Text(32))
    error_code: Mapped[str | None] = mapped_column(Text(50))
    timestamp: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (
        Index("ix_connector_events_charger_id_timestamp_id", "charger_id", "timestamp", "id"),
        Index("ix_connector_events_timestamp", "timestamp"),
    )
