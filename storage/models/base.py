"""Column types and mixins that every table shares: one wire form per scalar, and who owns a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine
from uuid6 import uuid7

__all__ = ["Base", "Json", "Key", "Record", "TenantOwned", "Text", "UtcDateTime", "new_id", "utc_now", "wire"]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """The current instant, cut to the millisecond: what is stored is what is answered."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@lru_cache(maxsize=1024)  # the rows of a site share their instants
def wire(at: datetime) -> str:
    """The one wire form of an instant: `2026-11-21T03:27:00.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id() -> str:
    """A UUIDv7, which sorts by the time it was made."""
    return str(uuid7())


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant in milliseconds: `timestamptz(3)` on PostgreSQL, its wire form as text on SQLite.

    The text sorts as the instants do, and SQL can answer it unchanged.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True, precision=3))
        return dialect.type_descriptor(String(24))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no instant; use utc_now()")
        return value if dialect.name == "postgresql" else wire(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


def Text(length: int | None = None) -> TypeEngine[str]:
    """Text that compares by code point on both databases, so that pages have one order everywhere."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


Key = Text(64)
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """The declarative base; relationships are never loaded behind the caller's back."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text(),
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        list[str]: Json,
        list[float]: Json,
    }


class TenantOwned:
    """A row of one organization. Sessions stamp, filter and refuse by this column (see `storage.session`)."""

    organization_id: Mapped[str] = mapped_column(Key)


def as_created(context: Any) -> datetime:
    """A new row was last changed when it was created, to the millisecond."""
    created_at: datetime = context.get_current_parameters()["created_at"]
    return created_at


class Record:
    """A row with a text id and the instants of its creation and last change."""

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=as_created, onupdate=utc_now)

    def touch(self) -> None:
        """Moves `updated_at` on, even within one millisecond; who follows the row sees by it that it has changed."""
        self.updated_at = max(utc_now(), self.updated_at + timedelta(milliseconds=1))
