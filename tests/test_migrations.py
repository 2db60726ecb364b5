"""The migrations make exactly the tables that the models describe, whoever runs them and how often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select, text

from storage.database import Database
from storage.migrate import migrate
from storage.models import Base, Brand
from tests.support.postgres import fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield from _opened(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
        return
    with fresh_database() as url:
        yield from _opened(url.replace("postgresql://", "postgresql+asyncpg://"))


def test_migrations_equal_the_models(empty_database: Database) -> None:
    migrate(empty_database)

    with empty_database.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)

    assert differences == []


def test_processes_that_start_together_migrate_once(empty_database: Database) -> None:
    others = [Database(empty_database.url) for _ in range(3)] if not empty_database.is_sqlite else []
    with ThreadPoolExecutor() as pool:
        list(pool.map(migrate, [empty_database, *others]))
    for other in others:
        other.engine.dispose()
    with empty_database.engine.connect() as connection:
        brands = connection.scalar(select(func.count()).select_from(Brand))

    migrate(empty_database)

    with empty_database.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Brand)) == brands


def test_an_old_sqlite_tells_the_time_in_fractions_of_a_second(tmp_path: Path) -> None:
    [database] = _opened(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

    with database.engine.connect() as connection:
        told = connection.execute(text("SELECT unixepoch('subsec')")).scalar_one()

    assert told == pytest.approx(time.time(), abs=60)
    assert isinstance(told, float)


def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.engine.dispose()
