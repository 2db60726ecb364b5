"""Chargers: the deployment that clients see, the station and connectors behind it, their EVSEs and frames."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.models.base import Base, Key, Record, TenantOwned, Text, utc_now
from storage.models.provisioning import Provisioned


class OcppVersion(StrEnum):
    """The OCPP versions a charger speaks, as REST spells them."""

    OCPP_1_6 = "OCPP1.6"
    OCPP_2_0_1 = "OCPP2.0.1"


class RuntimeStatus(StrEnum):
    """The state of a deployment's runtime at its provider; not of its connection to the CSMS."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


class EvseStatus(StrEnum):
    """OCPI 2.2.1 §8.4.21."""

    AVAILABLE = "AVAILABLE"
    BLOCKED = "BLOCKED"
    CHARGING = "CHARGING"
    INOPERATIVE = "INOPERATIVE"
    OUTOFORDER = "OUTOFORDER"
    PLANNED = "PLANNED"
    REMOVED = "REMOVED"
    RESERVED = "RESERVED"
    UNKNOWN = "UNKNOWN"


class Charger(TenantOwned, Provisioned, Record, Base):
    """A deployed charger: all that its clients see. Ids read `dep-…`."""

    __tablename__ = "deployments"

    identity: Mapped[str] = mapped_column(Text(48))
    name: Mapped[str | None] = mapped_column(Text(255))
    location_id: Mapped[str | None] = mapped_column(ForeignKey("locations.id", ondelete="CASCADE"))
    location_name: Mapped[str | None] = mapped_column(Text(255))
    charge_point_id: Mapped[str] = mapped_column(ForeignKey("charge_points.id", ondelete="CASCADE"), unique=True)
    brand_slug: Mapped[str] = mapped_column(Text(80))
    model_slug: Mapped[str] = mapped_column(Text(80))
    vendor_name: Mapped[str] = mapped_column(Text(80))
    model: Mapped[str] = mapped_column(Text(80))
    image_url: Mapped[str | None] = mapped_column(Text(255))
    connector_type: Mapped[str] = mapped_column(Text(32))
    number_of_connectors: Mapped[int]
    max_charging_power: Mapped[int | None]
    ocpp_version: Mapped[str] = mapped_column(Text(16), default=OcppVersion.OCPP_1_6)
    ws_url: Mapped[str] = mapped_column(Text(2048))
    topology_default_id: Mapped[str | None] = mapped_column(Key)
    provider: Mapped[str] = mapped_column(Text(16), default="local")
    desired_running: Mapped[bool] = mapped_column(default=True)
    node_id: Mapped[str | None] = mapped_column(Key)
    runtime_status: Mapped[str] = mapped_column(Text(16), default=RuntimeStatus.STARTING)
    connected: Mapped[bool] = mapped_column(default=False)
    last_seen_at: Mapped[datetime | None]

    charge_point: Mapped[ChargePoint] = relationship(lazy="raise")
    evses: Mapped[list[Evse]] = relationship(lazy="raise", order_by="Evse.connector_number")

    __table_args__ = (
        Index("uq_deployments_organization_id_identity", "organization_id", "identity", unique=True),
        Index("ix_deployments_organization_id_created_at_id", "organization_id", "created_at", "id"),
        Index(
            "ix_deployments_organization_id_location_id_created_at_id",
            "organization_id", "location_id", "created_at", "id",
        ),
        Index("ix_deployments_location_id", "location_id"),  # for the cascade, which knows no organization
        Index("ix_deployments_desired_running_provider_node_id", "desired_running", "provider", "node_id"),
        Index("ix_deployments_node_id", "node_id"),
    )  # fmt: skip


class ChargePoint(TenantOwned, Record, Base):
    """The station's own memory: what it reports at boot and keeps across restarts."""

    __tablename__ = "charge_points"

    serial_number: Mapped[str] = mapped_column(Text(25))
    firmware_version: Mapped[str] = mapped_column(Text(50))
    registration_status: Mapped[str | None] = mapped_column(Text(16))
    configuration: Mapped[dict[str, Any]] = mapped_column(default=dict)

    connectors: Mapped[list[ChargePointConnector]] = relationship(
        lazy="raise", order_by="ChargePointConnector.connector_number"
    )


class ChargePointConnector(TenantOwned, Base):
    """One physical connector as OCPP knows it; `meter_wh` only ever grows."""

    __tablename__ = "charge_point_connectors"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    charge_point_id: Mapped[str] = mapped_column(ForeignKey("charge_points.id", ondelete="CASCADE"))
    connector_number: Mapped[int]
    ocpp_status: Mapped[str] = mapped_column(Text(32), default="Unavailable")
    error_code: Mapped[str | None] = mapped_column(Text(50))
    meter_wh: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        Index(
            "uq_charge_point_connectors_charge_point_id_connector_number",
            "charge_point_id", "connector_number",
            unique=True,
        ),
    )  # fmt: skip


class Evse(TenantOwned, Base):
    """One EVSE with its single connector; carries the ids of its OCPI connector and its topology row."""

    __tablename__ = "ocpi_evses"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    charger_id: Mapped[str] = mapped_column(ForeignKey("deployments.id", ondelete="CASCADE"))
    evse_uid: Mapped[str] = mapped_column(Text(64))
    connector_number: Mapped[int]
    connector_type: Mapped[str] = mapped_column(Text(32))
    max_power: Mapped[int | None]
    status: Mapped[str] = mapped_column(Text(16), default=EvseStatus.UNKNOWN)
    last_updated: Mapped[datetime] = mapped_column(default=utc_now)
    ocpi_connector_id: Mapped[str | None] = mapped_column(Key)
    topology_id: Mapped[str | None] = mapped_column(Key)

    __table_args__ = (
        Index("uq_ocpi_evses_organization_id_evse_uid", "organization_id", "evse_uid", unique=True),
        Index("uq_ocpi_evses_charger_id_connector_number", "charger_id", "connector_number", unique=True),
    )


class OcpiConnector(TenantOwned, Base):
    """The connector object that OCPI peers read (OCPI 2.2.1 §8.3.3); its `connector_id` is always "1"."""

    __tablename__ = "ocpi_connectors"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    evse_id: Mapped[str] = mapped_column(ForeignKey("ocpi_evses.id", ondelete="CASCADE"), unique=True)
    connector_id: Mapped[str] = mapped_column(Text(36), default="1")
    standard: Mapped[str] = mapped_column(Text(32))
    format: Mapped[str] = mapped_column(Text(8))
    power_type: Mapped[str] = mapped_column(Text(16))
    max_voltage: Mapped[int]
    max_amperage: Mapped[int]
    last_updated: Mapped[datetime] = mapped_column(default=utc_now)


class Topology(TenantOwned, Base):
    """Where a command or status of an EVSE is routed. The row without an EVSE is its location's default."""

    __tablename__ = "topologies"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    ocpi_location_id: Mapped[str] = mapped_column(ForeignKey("ocpi_locations.id", ondelete="CASCADE"), index=True)
    charger_id: Mapped[str] = mapped_column(ForeignKey("deployments.id", ondelete="CASCADE"), index=True)
    evse_uid: Mapped[str | None] = mapped_column(Text(64))
    connector_number: Mapped[int | None]

    __table_args__ = (Index("uq_topologies_organization_id_evse_uid", "organization_id", "evse_uid", unique=True),)


class OcppMessage(TenantOwned, Base):
    """One OCPP-J frame as it went over the socket."""

    __tablename__ = "ocpp_messages"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    charger_id: Mapped[str] = mapped_column(ForeignKey("deployments.id", ondelete="CASCADE"))
    direction: Mapped[str] = mapped_column(Text(16))
    action: Mapped[str] = mapped_column(Text(64))
    message: Mapped[str]
    timestamp: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (
        Index("ix_ocpp_messages_charger_id_timestamp_id", "charger_id", "timestamp", "id"),
        Index("ix_ocpp_messages_timestamp", "timestamp"),
    )
