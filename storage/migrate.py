"""Brings a database to the current schema, one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from storage.database import Database
from storage.seed import seed_catalog

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK_KEY = 0x43_59_41_52  # "CYAR": serialises processes that start together on PostgreSQL


def migrate(database: Database) -> None:
    """Applies the missing migrations and writes the catalog, in one transaction; one process at a time."""
    with database.engine.begin() as connection:
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
