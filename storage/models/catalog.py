"""The catalog of brands and models: the same for every tenant, seeded by migration."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.models.base import Base, Record, Text


class Brand(Record, Base):
    """A maker of chargers."""

    __tablename__ = "brands"

    slug: Mapped[str] = mapped_column(Text(80), unique=True)
    name: Mapped[str] = mapped_column(Text(80))
    image_url: Mapped[str | None] = mapped_column(Text(255))

    models: Mapped[list[Model]] = relationship(back_populates="brand", lazy="raise", order_by="Model.slug")


class Model(Record, Base):
    """A model of charger; `supported_kw` lists its power steps."""

    __tablename__ = "models"

    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(Text(80))
    name: Mapped[str] = mapped_column(Text(80))
    image_url: Mapped[str | None] = mapped_column(Text(255))
    connector_count: Mapped[int]
    current_type: Mapped[str] = mapped_column(Text(2))
    supported_kw: Mapped[list[float]]
    connector_types: Mapped[list[str]]

    brand: Mapped[Brand] = relationship(back_populates="models", lazy="raise")

    __table_args__ = (Index("uq_models_brand_id_slug", "brand_id", "slug", unique=True),)
