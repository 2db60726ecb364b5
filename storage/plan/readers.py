"""Runs compiled statements: a few connections with their statements prepared, and nothing in between.

A read over SQLAlchemy's engine costs ten times what it costs here, most of it in the process and not in the database.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Coroutine, Sequence
from contextlib import closing, suppress
from threading import Event
from typing import Any, Protocol

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

CONNECTIONS = 16  # per process; a read that waits for its turn costs the loop more than a connection costs the database
PREPARED = 256  # statements a connection keeps
CONNECT_TIMEOUT_S = 10
CLOSE_TIMEOUT_S = 1
BACKSTOP_S = 60  # after which PostgreSQL stops a statement that nobody waits for any longer
LOOP_BUDGET_S = 0.05  # a statement that holds SQLite's loop for longer goes to a thread
PATIENT_READS = 4  # at once; their threads are shared with whatever else may not hold up the loop
CHECK_EVERY = 10_000  # SQLite's instructions between two looks at the clock, some hundred microseconds

SESSION = {
    "application_name": "chargeyard-reads",
    "statement_timeout": f"{BACKSTOP_S}s",
    "timezone": "UTC",
    "default_transaction_read_only": "on",
    "jit": "off",  # compiling a statement takes longer than any page takes to read
    "plan_cache_mode": "force_generic_plan",  # and planning it for its values longer than most
    # each list has an index in its order: a bitmap would be sorted again, a whole table is never what is asked for
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
}  # of PostgreSQL

FAILURES = (
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,  # the last for a session just ended
    sqlite3.Error, OSError, TimeoutError, UnicodeError,
)  # fmt: skip

Answers = Sequence[bytes | None]  # JSON, untouched from the database to the socket


class ReadFailed(Exception):
    """The statement could not be run; the ordinary executor finds out what the client is told."""


class Reader(Protocol):
    """What runs the statements of one database."""

    is_sqlite: bool

    def fetch(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Coroutine[Any, Any, Answers]:
        """The only row of a statement. Raises ReadFailed, and TimeoutError when the time is over."""
        ...

    async def close(self) -> None: ...


def make_reader(url: str) -> Reader:
    """The reader for the database of a SQLAlchemy URL; it connects when it is first used."""
    return SqliteReader(make_url(url).database or "") if url.startswith("sqlite") else PostgresReader(url)


class PostgresReader:
    """A few sessions, the last one used first, each with its prepared statements."""

    is_sqlite = False

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._idle = [_Session(self._url) for _ in range(CONNECTIONS)]
        self._waiting = 0
        self._returned = asyncio.Semaphore(0)  # while somebody waits

    def fetch(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Coroutine[Any, Any, Answers]:
        if self._idle and not self._waiting and statement in self._idle[-1].prepared:
            return self._fetch(statement, arguments, timeout_s)  # asyncpg keeps the time, at less cost
        return self._fetch_in_time(statement, arguments, timeout_s)

    async def _fetch_in_time(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Answers:
        async with asyncio.timeout(timeout_s):
            return await self._fetch(statement, arguments, timeout_s)

    async def _fetch(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Answers:
        session = self._idle.pop() if self._idle and not self._waiting else await self._next()
        answered = False
        try:
            prepared = session.prepared.get(statement) or await session.prepare(statement)
            row: Answers = await prepared.fetchrow(*arguments, timeout=timeout_s)
            answered = True
        except TimeoutError:
            raise
        except FAILURES as exc:
            raise ReadFailed from exc
        finally:
            # cancelled half-way or broken: what it would answer next is anyone's guess
            self._idle.append(session if answered else _Session(self._url))
            if self._waiting:
                self._returned.release()
            if not answered:
                await session.close()
        return row

    async def _next(self) -> _Session:
        """A session, in the order of those who ask for one."""
        self._waiting += 1
        try:
            await self._returned.acquire()
            while not self._idle:  # for one who left before he got what was returned to him
                await self._returned.acquire()
        finally:
            self._waiting -= 1
        return self._idle.pop()

    async def close(self) -> None:
        for session in self._idle:
            await session.close()


class _Session:
    """A connection, made when it is needed, with its prepared statements."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: Any = None
        self.prepared: dict[str, Any] = {}

    async def prepare(self, statement: str) -> Any:
        """The statement, ready to be run. Raises one of FAILURES."""
        if self._connection is None:
            self._connection = await self._connect()
        if len(self.prepared) >= PREPARED:
            self.prepared.pop(next(iter(self.prepared)))  # the oldest; asyncpg closes what nobody refers to
        prepared = self.prepared[statement] = await self._connection.prepare(statement)
        return prepared

    async def close(self) -> None:
        """Closes, cancelling what still runs on the server."""
        if self._connection is not None:
            with suppress(*FAILURES):
                await self._connection.close(timeout=CLOSE_TIMEOUT_S)

    async def _connect(self) -> Any:
        dialect: Any = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
        _, options = dialect.create_connect_args(self._url)
        try:
            connection = await asyncpg.connect(**options, server_settings=SESSION, timeout=CONNECT_TIMEOUT_S)
            await connection.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")
        except TimeoutError as exc:
            raise ReadFailed from exc
        connection.add_termination_listener(self._lost)
        return connection

    def _lost(self, _connection: Any) -> None:
        self._connection = None
        self.prepared.clear()


class SqliteReader:
    """One connection on the loop's thread: a page takes less than handing it to a thread would.

    A statement that takes long after all is stopped and runs again in a thread, so that it holds up nobody else.
    """

    is_sqlite = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._until = 0.0
        self._patience = asyncio.Semaphore(PATIENT_READS)

    async def fetch(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Answers:
        if self._connection is None:
            self._connection = self._connect()
            self._connection.set_progress_handler(lambda: time.monotonic() > self._until, CHECK_EVERY)
        self._until = time.monotonic() + LOOP_BUDGET_S
        try:
            row: Answers = self._connection.execute(statement, arguments).fetchone()
        except FAILURES as exc:
            if not _is_interrupt(exc):
                raise ReadFailed from exc
        else:
            return row
        async with asyncio.timeout(timeout_s), self._patience:
            return await self._fetch_patiently(statement, arguments)

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _fetch_patiently(self, statement: str, arguments: Sequence[Any]) -> Answers:
        """The answer from a thread, where the statement ends when nobody waits for it any longer."""
        is_left = Event()

        def fetch() -> Answers:
            with closing(self._connect()) as connection:
                connection.set_progress_handler(is_left.is_set, CHECK_EVERY)
                row: Answers = connection.execute(statement, arguments).fetchone()
                return row

        try:
            return await asyncio.to_thread(fetch)
        except FAILURES as exc:
            raise ReadFailed from exc
        finally:
            is_left.set()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=PREPARED)
        connection.create_function("exact", 1, _exact, deterministic=True)
        connection.execute("PRAGMA query_only = ON")
        connection.text_factory = bytes
        return connection


def _is_interrupt(exc: BaseException) -> bool:
    return isinstance(exc, sqlite3.OperationalError) and exc.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT


def _exact(value: float | None) -> str | None:
    """A number in the fewest digits that give it again."""
    return None if value is None else repr(value)
