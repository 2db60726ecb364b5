"""Brings a database to the current schema, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.database import Database
from storage.lock import DatabaseUnusable
from storage.seed import seed_catalog

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK_KEY = 0x43_59_41_52  # "CYAR": serialises processes that start together on PostgreSQL


def migrate(database: Database) -> None:
    """Applies the missing migrations and writes the catalog, in one transaction; one process at a time.

    Raises DatabaseUnusable where there is no database to work on.
    """
    with _transaction(database) as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL statement_timeout = 0"))  # for the lock too: others may migrate for long
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        command.upgrade(config(connection), "head")
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
        url = database.engine.url.render_as_string(hide_password=True)
        reason = " ".join(str(exc.orig).split())
        raise DatabaseUnusable(f"{url} can't be opened ({reason}); check CHARGEYARD_DATABASE_URL.") from exc
    with connection, connection.begin():
        yield connection
