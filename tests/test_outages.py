"""What a database that does not answer is to whoever asks: unavailable for now, and not a mistake of ours."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from errors import Unavailable
from storage.database import Database
from storage.session import ALL_TENANTS
from tests.support.postgres import fresh_database

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'of the test' USING ERRCODE = '{}'; END $$"

outages = pytest.mark.parametrize(
    "code",
    [
        pytest.param("57P01", id="shut down"),
        pytest.param("57P03", id="starting up"),
        pytest.param("57014", id="out of time"),
        pytest.param("53300", id="too many connections"),
        pytest.param("53100", id="disk full"),
        pytest.param("08006", id="connection failure"),
        pytest.param("40P01", id="deadlock"),
    ],
)
defects = pytest.mark.parametrize("code", ["22012", "42P01", "23505"])


@pytest.fixture(scope="module")
async def database() -> AsyncIterator[Database]:
    with fresh_database() as url:
        database = Database(url.replace("postgresql://", "postgresql+asyncpg://"))
        yield database
        await database.close()


@outages
async def test_a_request_is_told_of_an_outage(database: Database, code: str) -> None:
    with pytest.raises(Unavailable):
        async with database.read(ALL_TENANTS) as session:
            await (await session.connection()).execute(text(RAISE.format(code)))


@outages
def test_a_job_is_told_of_an_outage(database: Database, code: str) -> None:
    with pytest.raises(Unavailable), database.work(ALL_TENANTS) as session:
        session.connection().execute(text(RAISE.format(code)))


@defects
async def test_a_statement_that_is_wrong_is_no_outage(database: Database, code: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.read(ALL_TENANTS) as session:
            await (await session.connection()).execute(text(RAISE.format(code)))


async def test_a_session_that_the_server_ends_is_an_outage_once(database: Database) -> None:
    end = text("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        async with database.read(ALL_TENANTS) as session:
            await (await session.connection()).execute(end)
    with pytest.raises(Unavailable), database.work(ALL_TENANTS) as session:
        session.connection().execute(end)

    with database.work(ALL_TENANTS) as session:
        assert session.connection().scalar(text("SELECT 1")) == 1
    async with database.read(ALL_TENANTS) as session:
        assert await (await session.connection()).scalar(text("SELECT 1")) == 1


@contextmanager
def no_free_descriptor() -> Iterator[None]:
    """This process can open nothing; what is open stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_file_that_can_not_be_opened_for_lack_of_descriptors_is_an_outage(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'yard.db'}")

    with no_free_descriptor():
        with pytest.raises(Unavailable):
            async with database.read(ALL_TENANTS) as session:
                await session.connection()
        with pytest.raises(Unavailable), database.work(ALL_TENANTS) as job_session:
            job_session.connection()

    with database.work(ALL_TENANTS) as job_session:
        assert job_session.connection().scalar(text("SELECT 1")) == 1
    await database.close()
