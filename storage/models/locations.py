"""Sites: the physical location, and the location as one network advertises it over OCPI."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.models.base import Base, Key, Record, TenantOwned, Text, utc_now


class Location(TenantOwned, Record, Base):
    """A physical site. An OCPI location is the same site, so its attributes stand here only."""

    __tablename__ = "locations"

    slug: Mapped[str] = mapped_column(Text(80))
    name: Mapped[str] = mapped_column(Text(255))
    address: Mapped[str] = mapped_column(Text(255))
    city: Mapped[str] = mapped_column(Text(255))
    country: Mapped[str] = mapped_column(Text(2))
    latitude: Mapped[float]
    longitude: Mapped[float]
    timezone: Mapped[str | None] = mapped_column(Text(64))
    owner_name: Mapped[str | None] = mapped_column(Text(255))
    public: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(Text(32), default="active")

    __table_args__ = (
        Index("uq_locations_organization_id_slug", "organization_id", "slug", unique=True),
        Index("ix_locations_organization_id_created_at_id", "organization_id", "created_at", "id"),
        Index("ix_locations_organization_id_updated_at_id", "organization_id", "updated_at", "id"),
        Index("ix_locations_organization_id_name_id", "organization_id", "name", "id"),
        Index("ix_locations_organization_id_city_id", "organization_id", "city", "id"),
        # the sites of one city in the usual order, so that a city without any is found to have none at once
        Index("ix_locations_organization_id_city_created_at_id", "organization_id", "city", "created_at", "id"),
        Index("ix_locations_organization_id_country_id", "organization_id", "country", "id"),
    )


class OcpiLocation(TenantOwned, Base):
    """The site as its network advertises it; what it shares with the site is read from the site."""

    __tablename__ = "ocpi_locations"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    location_id: Mapped[str] = mapped_column(ForeignKey("locations.id", ondelete="CASCADE"), unique=True)
    network_id: Mapped[int] = mapped_column(ForeignKey("networks.id", ondelete="CASCADE"))
    parking_type: Mapped[str | None] = mapped_column(Text(32))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    location: Mapped[Location] = relationship(lazy="joined", innerjoin=True)

    slug: AssociationProxy[str] = association_proxy("location", "slug")
    name: AssociationProxy[str] = association_proxy("location", "name")
    address: AssociationProxy[str] = association_proxy("location", "address")
    city: AssociationProxy[str] = association_proxy("location", "city")
    country: AssociationProxy[str] = association_proxy("location", "country")
    latitude: AssociationProxy[float] = association_proxy("location", "latitude")
    longitude: AssociationProxy[float] = association_proxy("location", "longitude")
    timezone: AssociationProxy[str | None] = association_proxy("location", "timezone")
    owner_name: AssociationProxy[str | None] = association_proxy("location", "owner_name")
    public: AssociationProxy[bool] = association_proxy("location", "public")
    updated_at: AssociationProxy[datetime] = association_proxy("location", "updated_at")

    __table_args__ = (
        Index(
            "ix_ocpi_locations_organization_id_network_id_created_at_id",
            "organization_id", "network_id", "created_at", "id",
        ),
        Index("ix_ocpi_locations_network_id", "network_id"),
    )  # fmt: skip
