"""Brings a database to the current schema, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from storage.database import Database
from storage.lock import DatabaseUnusable
from storage.seed import seed_catalog

MIGRATIONS = Path(__file__).with_name("migrations")
REFUSALS = {"42501", "25006"}  # no right to create tables; read-only (PostgreSQL, appendix A)
LOCK_KEY = 0x43_59_41_52  # "CYAR": serialises processes that start together on PostgreSQL


def migrate(database: Database) -> None:
    """Applies the missing migrations and writes the catalog, in one transaction; one process at a time.

    Raises DatabaseUnusable where there is no database to work on, or one that a newer release has migrated.
    """
    with _transaction(database) as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL statement_timeout = 0"))  # for the lock too: others may migrate for long
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        try:
            command.upgrade(config(connection), "head")
        except CommandError as exc:  # the revision that the database has is not one of ours
            told = "is of a newer release; run that one, or go back to a copy from before it"
            raise DatabaseUnusable(f"{_name(database)} {told}.") from exc
        seed_catalog(connection)


def config(connection: Connection) -> Config:
    """Alembic's configuration for work on this connection."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["connection"] = connection
    return settings


@contextmanager
def _transaction(database: Database) -> Iterator[Connection]:
    try:
        connection = database.engine.connect()
    except DBAPIError as exc:
        reason = " ".join(str(exc.orig).split())
        raise DatabaseUnusable(f"{_name(database)} can't be opened ({reason}); check CHARGEYARD_DATABASE_URL.") from exc
    try:
        with connection, connection.begin():
            yield connection
    except DBAPIError as exc:
        if not isinstance(exc, OperationalError) and getattr(exc.orig, "sqlstate", None) not in REFUSALS:
            raise
        reason = str(exc.orig).partition("\n")[0]
        raise DatabaseUnusable(
            f"{_name(database)} takes no schema ({reason}); it needs room, and a user who may create tables."
        ) from exc


def _name(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=True)
