"""The database: its engines, and the sessions that resolvers and job steps open. The only maker of either."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from sqlite3 import Connection as SqliteConnection
from sqlite3 import sqlite_version_info
from time import monotonic, time
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from errors import Unavailable
from storage.bulk import Batch
from storage.models import Base, Organization
from storage.plan.readers import make_reader
from storage.presence import jobs_of
from storage.session import Tenant, TenantSession
from storage.turn import WriteTurn

STATEMENT_TIMEOUT_MS = 15_000
# a transaction rests for milliseconds between its statements; a node that was paused within one must not keep its
# locks for longer than those wait that want them, which is a statement's time
IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000
BUSY_TIMEOUT_MS = 10_000  # another process (a backup, the sqlite3 shell) may hold the file for a moment
CACHE_KIB = 32 * 1024  # of SQLite, per connection; by default a long job reads the pages of its indexes again and again
CHECKPOINT_PAGES = 10_000  # of 4 KiB; by default the same pages are copied into the file every few dozen sites
# per process, so that two of them, with the connections of compiled reads, stay below PostgreSQL's default of 100
POOL_SIZE = 10
MAX_OVERFLOW = 2
JOB_POOL_SIZE = 14  # of job steps and of the job engine itself
POOL_TIMEOUT_S = 10
PING_AFTER_S = 1.0  # of rest; a connection in use has answered just now

_NOTICE_A_VANISHED_HOST = {  # libpq: within some 15 s, idle or not
    "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000,
}  # fmt: skip
# connection, rollback (deadlocks), resources, operator intervention (restarts and timeouts)
_ROLLED_BACK = "40"
_POSTGRES_OUTAGES = {"08", _ROLLED_BACK, "53", "57"}
# a quota or a failing disk reads as an I/O error, a process without free descriptors as a file that does not open
_SQLITE_OUTAGES = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")
_KNOWS_SUBSEC = (3, 42)
_UNREACHABLE = (DBAPIError, PoolTimeoutError, OSError)  # a missing socket file is an OSError


class _SqliteConnection(SqliteConnection):
    """Gives its locks back when it is closed.

    Python leaves them to the last statement whose rows nobody fetched, and a cancelled task keeps that one alive: all
    other writers would find the database locked.
    """

    def close(self) -> None:
        self.rollback()
        super().close()


class Database:
    """Both engines of one process: asynchronous for requests, synchronous for job steps and the job engine.

    `reads` runs compiled reads, past both of them. `node_id` tells this process from the others on the database.

    A synchronous driver does a job step at several times the speed of an asynchronous one, and steps run in threads.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        # SQLite has one process, which takes up its own work again; on PostgreSQL others take it up
        self.node_id = "local" if self.is_sqlite else f"node-{uuid4().hex}"
        self._turn = WriteTurn()
        self._known: set[str] = set()
        self._async_engine = self._make_async_engine()
        self.engine = self._make_engine()
        self.reads = make_reader(url)

    @property
    def sync_url(self) -> str:
        """The URL with its synchronous driver, as Alembic and the job engine want it."""
        return self.url.replace("sqlite+aiosqlite", "sqlite").replace("postgresql+asyncpg", "postgresql+psycopg")

    @property
    def postgres_url(self) -> str:
        """The URL as PostgreSQL's own tools write it."""
        return self.url.replace("postgresql+asyncpg", "postgresql")

    @asynccontextmanager
    async def read(self, tenant: Tenant) -> AsyncIterator[AsyncSession]:
        """A session of its own for one reader. Raises Unavailable when the database does not answer."""
        with translated():
            async with self._session(self._async_engine, tenant) as session:
                yield session

    @asynccontextmanager
    async def write(self, tenant: Tenant) -> AsyncIterator[AsyncSession]:
        """One transaction, committed at the end of the block. Raises Unavailable as `read` does."""
        if not self.is_sqlite:
            async with self._transaction(tenant) as session:
                yield session
            return
        async with self._turn.held_async(), self._transaction(tenant) as session:
            yield session

    @contextmanager
    def work(self, tenant: Tenant) -> Iterator[TenantSession]:
        """One transaction of a job step, in its thread, committed at the end of the block.

        Raises Unavailable when the database does not answer.
        """
        session = TenantSession(self.engine, info={"tenant": tenant}, expire_on_commit=False)
        with translated(), session, session.begin():
            if isinstance(tenant, str) and tenant not in self._known:
                session.connection().execute(self._add_organization(tenant))
            yield session
        if isinstance(tenant, str):
            self._known.add(tenant)

    @contextmanager
    def batch(self, tenant: str) -> Iterator[Batch]:
        """One transaction as `work`, of a tenant that has rows already: for the job steps that are run by the thousand.

        Raises Unavailable when the database does not answer.
        """
        with translated(), self.engine.begin() as connection:
            yield Batch(connection, tenant)

    def analyze(self) -> None:
        """Has PostgreSQL look at its tables now: until autovacuum comes, reads are planned as if new rows were few.

        Blocks its thread for some hundred milliseconds. Raises Unavailable when the database does not answer.
        """
        if self.is_sqlite:
            return  # it plans by its indexes alone
        with translated(), self.engine.connect() as connection:
            connection.execute(text(f"ANALYZE {', '.join(Base.metadata.tables)}"))
            connection.commit()

    async def close(self) -> None:
        """Closes every connection."""
        await self.reads.close()
        await self._async_engine.dispose()
        self.engine.dispose()

    @asynccontextmanager
    async def _transaction(self, tenant: Tenant) -> AsyncIterator[AsyncSession]:
        engine = self._async_engine.execution_options(chargeyard_write=True)
        with translated():
            async with self._session(engine, tenant) as session, session.begin():
                if isinstance(tenant, str) and tenant not in self._known:
                    await (await session.connection()).execute(self._add_organization(tenant))
                yield session
        if isinstance(tenant, str):
            self._known.add(tenant)

    def _session(self, engine: AsyncEngine, tenant: Tenant) -> AsyncSession:
        return AsyncSession(engine, sync_session_class=TenantSession, info={"tenant": tenant}, expire_on_commit=False)

    def _add_organization(self, tenant: str) -> Any:
        dialect_insert = sqlite_insert if self.is_sqlite else pg_insert
        return dialect_insert(Organization).values(id=tenant).on_conflict_do_nothing()

    def _make_async_engine(self) -> AsyncEngine:
        if self.is_sqlite:
            engine = create_async_engine(
                self.url, pool_size=POOL_SIZE, pool_timeout=POOL_TIMEOUT_S, connect_args={"factory": _SqliteConnection}
            )
            _tune_sqlite(engine.sync_engine)
            return engine
        settings = {
            "application_name": "chargeyard",
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
            "timezone": "UTC",
        }
        return create_async_engine(
            self.url,
            pool_size=POOL_SIZE,
            max_overflow=MAX_OVERFLOW,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=True,  # a restarted server must not fail the first request after it
            connect_args={"server_settings": settings, "timeout": POOL_TIMEOUT_S},
        )

    def _make_engine(self) -> Engine:
        if self.is_sqlite:
            engine = create_engine(
                self.sync_url, pool_timeout=POOL_TIMEOUT_S, connect_args={"factory": _SqliteConnection}
            )
            _take_turns(engine, self._turn)  # before the listener that begins: the turn comes first
            _tune_sqlite(engine)
            return engine
        settings = {
            "statement_timeout": STATEMENT_TIMEOUT_MS,
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_MS,
            "timezone": "UTC",
            # statements and foreign keys are planned once, while tables are small; each row is found by an index
            "enable_seqscan": "off",
        }
        connect_args = {
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            "application_name": jobs_of(self.node_id),
            "connect_timeout": POOL_TIMEOUT_S,
            "prepare_threshold": None,  # psycopg would drop what it prepared at each rollback, and the batches' with it
            **_NOTICE_A_VANISHED_HOST,
        }
        engine = create_engine(self.sync_url, pool_size=JOB_POOL_SIZE, max_overflow=0, connect_args=connect_args)
        _ping_after_a_pause(engine)
        return engine


@contextmanager
def translated() -> Iterator[None]:
    """Turns a database that cannot be reached into Unavailable; a broken statement stays what it is."""
    try:
        yield
    except _UNREACHABLE as exc:
        if isinstance(exc, DBAPIError) and not (exc.connection_invalidated or _is_outage(exc)):
            raise
        if isinstance(exc, DBAPIError) and _code(exc).startswith(_ROLLED_BACK):
            raise Unavailable("Others changed the same rows at the same time; try again.") from exc
        raise Unavailable("The database does not answer; try again.") from exc


def is_conflict(exc: IntegrityError) -> bool:
    """Whether a unique constraint refused the row (and not, say, a foreign key)."""
    return _code(exc) in {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}


def violated_table(exc: IntegrityError) -> str:
    """The table whose constraint refused a row; empty where the driver does not tell (SQLite's foreign keys)."""
    diagnosis = getattr(exc.orig, "diag", None)  # psycopg
    cause = getattr(exc.orig, "__cause__", None)  # asyncpg
    table = getattr(diagnosis, "table_name", None) or getattr(cause, "table_name", None)
    if table is None:
        _, _, column = str(exc.orig).partition("constraint failed: ")
        table = column.partition(".")[0]
    return str(table)


def _is_outage(exc: DBAPIError) -> bool:
    code = _code(exc)
    if not code:
        return isinstance(exc, OperationalError)  # a connection that could not be made
    return code[:2] in _POSTGRES_OUTAGES or code.startswith(_SQLITE_OUTAGES)


def _code(exc: DBAPIError) -> str:
    """The driver's code of an error; empty where it has none."""
    return getattr(exc.orig, "sqlstate", None) or getattr(exc.orig, "sqlite_errorname", None) or ""


def _unixepoch(_modifier: str) -> float:
    """`unixepoch('subsec')`. From Python 3.12 on, the job engine takes for granted that SQLite has it."""
    return time()


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy begins them
        if sqlite_version_info < _KNOWS_SUBSEC:
            connection.create_function("unixepoch", 1, _unixepoch)
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
        cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged commit survives a power loss
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a deferred transaction that turns writer late fails when another wrote meanwhile
        immediate = connection.get_execution_options().get("chargeyard_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _ping_after_a_pause(engine: Engine) -> None:
    """Asks connections that were idle whether they still stand; one in the middle of a job would only be slower."""

    @event.listens_for(engine, "checkin")
    def _leave(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["left_at"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _ping(connection: Any, record: ConnectionPoolEntry, _fairy: object) -> None:
        if monotonic() - record.info.get("left_at", monotonic()) > PING_AFTER_S and not _answers(engine, connection):
            raise DisconnectionError  # the pool makes a new one


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False


def _take_turns(engine: Engine, turn: WriteTurn) -> None:
    """Makes every transaction of a synchronous engine a writing one that waits for its turn.

    The turn lasts until the connection is back in the pool: the commit event fires before the commit.
    """
    engine.update_execution_options(chargeyard_write=True)

    @event.listens_for(engine, "begin")
    def _take(connection: Connection) -> None:
        if "turn" not in connection.info:
            turn.take()
            connection.info["turn"] = True

    @event.listens_for(engine, "checkin")
    def _give(_connection: object, record: ConnectionPoolEntry) -> None:
        if record.info.pop("turn", False):
            turn.give()
