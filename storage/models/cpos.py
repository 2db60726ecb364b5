"""OCPI networks, the credentials of their peers, and the organizations that own them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Key, Record, TenantOwned, Text, as_created, utc_now
from storage.models.provisioning import Provisioned


class Organization(Base):
    """A tenant. Comes into being with the first write of a token that names it."""

    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Cpo(TenantOwned, Provisioned, Base):
    """One OCPI party with its locations. Its id is a decimal number because the public API has it so."""

    __tablename__ = "networks"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    country_code: Mapped[str] = mapped_column(Text(2))
    party_id: Mapped[str] = mapped_column(Text(3))
    role: Mapped[str] = mapped_column(Text(8))
    name_prefix: Mapped[str] = mapped_column(Text(64))
    template: Mapped[str] = mapped_column(Text(64))
    template_version: Mapped[int]
    ocpi_version: Mapped[str] = mapped_column(Text(8))
    seed: Mapped[int]
    overrides: Mapped[dict[str, Any]]
    current_step: Mapped[str | None] = mapped_column(Text(64))
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=as_created, onupdate=utc_now)

    __table_args__ = (
        Index("ix_networks_organization_id_created_at_id", "organization_id", "created_at", "id"),
        Index(
            "uq_networks_organization_id_country_code_party_id",
            "organization_id", "country_code", "party_id",
            unique=True,
        ),
        {"sqlite_autoincrement": True},  # a deleted network's id is never given again
    )  # fmt: skip


class Credentials(TenantOwned, Record, Base):
    """What an OCPI peer of a network was given (A, C) and gave (B).

    `kind` A is the registration token, gone after use; a `PEER` row has `token` (C, which the peer sends)
    and `peer_token` (B, which is sent to the peer) with the peer's versions URL and roles.
    """

    __tablename__ = "credentials"

    network_id: Mapped[int] = mapped_column(ForeignKey("networks.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(Text(4))
    token: Mapped[str] = mapped_column(Text(64), unique=True)
    ocpi_version: Mapped[str | None] = mapped_column(Text(8))
    peer_token: Mapped[str | None] = mapped_column(Text(64))
    peer_url: Mapped[str | None] = mapped_column(Text(255))
    peer_roles: Mapped[dict[str, Any] | None]
    used_at: Mapped[datetime | None]
