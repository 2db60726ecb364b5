"""The migrations make exactly the tables that the models describe, whoever runs them and how often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, func, select, text

from settings import Settings
from storage.database import Database
from storage.lock import DatabaseUnusable
from storage.migrate import config, migrate
from storage.models import Base, Brand

INDEX_OF_0002 = (
    "CREATE INDEX ix_locations_organization_id_city_created_at_id ON locations (organization_id, city, created_at, id)"
)


@pytest.fixture
def database(own_url: str) -> Iterator[Database]:
    database = Database(Settings(database_url=own_url).resolved_database_url)
    yield database
    database.engine.dispose()


def test_migrations_equal_the_models(database: Database) -> None:
    migrate(database)

    assert differences(database) == []


REFUSALS = {
    "sqlite": {"PRAGMA max_page_count = 10": "full"},
    "postgresql": {"SET LOCAL ROLE pg_monitor": "denied", "SET TRANSACTION READ ONLY": "read-only"},
}


def test_a_database_that_takes_no_schema_is_said_in_one_line(database: Database) -> None:
    for statement, reason in REFUSALS[database.engine.dialect.name].items():

        def restrict(connection: Connection, statement: str = statement) -> None:
            connection.exec_driver_sql(statement)

        event.listen(database.engine, "begin", restrict)
        with pytest.raises(DatabaseUnusable, match=rf"^\S+ takes no schema \(.*{reason}.*\); .*$"):
            migrate(database)
        event.remove(database.engine, "begin", restrict)


def test_a_database_of_a_newer_release_is_said_in_one_line(database: Database) -> None:
    migrate(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseUnusable, match=r"^\S+ is of a newer release; .*$"):
        migrate(database)


@pytest.mark.parametrize("already_there", [[], [INDEX_OF_0002]], ids=["first release", "one between"])
def test_a_database_of_an_earlier_release_is_brought_up_to_date(database: Database, already_there: list[str]) -> None:
    with database.engine.begin() as connection:
        command.upgrade(config(connection), "0001")
        for statement in already_there:
            connection.execute(text(statement))

    migrate(database)

    assert differences(database) == []


def test_processes_that_start_together_migrate_once(database: Database) -> None:
    others = [Database(database.url) for _ in range(3)] if not database.is_sqlite else []
    with ThreadPoolExecutor() as pool:
        list(pool.map(migrate, [database, *others]))
    for other in others:
        other.engine.dispose()
    with database.engine.connect() as connection:
        brands = connection.scalar(select(func.count()).select_from(Brand))

    migrate(database)

    with database.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Brand)) == brands


@pytest.mark.parametrize("own_url", ["postgresql"], indirect=True)
def test_a_migration_may_take_its_time(database: Database) -> None:
    allowed: list[str] = []

    @event.listens_for(database.engine, "commit")
    def note(connection: Connection) -> None:
        allowed.append(connection.exec_driver_sql("SHOW statement_timeout").scalar_one())

    migrate(database)

    assert allowed == ["0"]


def test_an_old_sqlite_tells_the_time_in_fractions_of_a_second(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

    with database.engine.connect() as connection:
        told = connection.execute(text("SELECT unixepoch('subsec')")).scalar_one()

    assert told == pytest.approx(time.time(), abs=60)
    assert isinstance(told, float)


def differences(database: Database) -> list[Any]:
    """What the models describe and the database has not, or the other way about."""
    with database.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
        return found
