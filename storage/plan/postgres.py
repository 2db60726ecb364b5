"""Runs compiled statements on PostgreSQL: a few connections with their statements prepared, and nothing in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from storage.plan.errors import ReadFailed
from storage.plan.statement import Answers, Plan

CONNECTIONS = 16  # per process; a read that waits for its turn costs the loop more than a connection costs the database
PREPARED = 256  # statements a connection keeps
CONNECT_TIMEOUT_S = 10
CLOSE_TIMEOUT_S = 1
MAX_TOGETHER = 64  # reads in one statement; it keeps one session busy, others could share the work
BACKSTOP_S = 60  # after which PostgreSQL stops a statement that nobody waits for any longer

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

# the third for a session just ended
FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    UnicodeError,
)

Rows = Sequence[Answers]


class PostgresReader:
    """A few sessions, the last one used first, each with its prepared statements.

    Reads of single rows that come in the same turn of the loop go out together, as one statement for all of them: under
    load, asking costs both sides more than what is asked for.
    """

    is_sqlite = False

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._idle = [_Session(self._url) for _ in range(CONNECTIONS)]
        self._waiting = 0
        self._returned = asyncio.Semaphore(0)  # while somebody waits
        self._gathering: dict[str, _Group] = {}  # by their statement, until the next turn of the loop
        self._running: set[asyncio.Task[Rows]] = set()

    def fetch(self, plan: Plan, arguments: Sequence[Any], timeout_s: float) -> Awaitable[Answers]:
        if plan.together is None:
            return self._fetch_alone(plan.text, arguments, timeout_s)
        group = self._gathering.get(plan.text)
        if group is None or len(group.arguments) == MAX_TOGETHER:
            group = self._gathering[plan.text] = _Group()
            task = asyncio.create_task(self._fetch_together(plan, group, timeout_s))
            self._running.add(task)
            task.add_done_callback(group.settle)
            task.add_done_callback(self._running.discard)
        return group.join(arguments)

    async def _fetch_alone(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Answers:
        (answers,) = await self._fetch(statement, arguments, timeout_s)
        return answers

    async def _fetch_together(self, plan: Plan, group: _Group, timeout_s: float) -> Rows:
        """A row for each of the group, in the order in which they joined."""
        if self._gathering.get(plan.text) is group:
            del self._gathering[plan.text]
        if plan.together is None or len(group.arguments) == 1:
            return await self._fetch(plan.text, group.arguments[0], timeout_s)
        return await self._fetch(plan.together, list(zip(*group.arguments, strict=True)), timeout_s)

    async def _fetch(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Rows:
        if self._idle and not self._waiting and statement in self._idle[-1].prepared:
            return await self._run(statement, arguments, timeout_s)  # asyncpg keeps the time, at less cost
        async with asyncio.timeout(timeout_s):
            return await self._run(statement, arguments, timeout_s)

    async def _run(self, statement: str, arguments: Sequence[Any], timeout_s: float) -> Rows:
        session = self._idle.pop() if self._idle and not self._waiting else await self._next()
        answered = False
        try:
            prepared = session.prepared.get(statement) or await session.prepare(statement)
            rows: Rows = await prepared.fetch(*arguments, timeout=timeout_s)
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
        return rows

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
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for session in self._idle:
            await session.close()


class _Group:
    """Those who ask for the same plan at once, each with arguments of its own."""

    def __init__(self) -> None:
        self.arguments: list[Sequence[Any]] = []
        self._answers: list[asyncio.Future[Answers]] = []

    def join(self, arguments: Sequence[Any]) -> asyncio.Future[Answers]:
        """The answer to these arguments, when it comes. Who leaves before takes nothing from the others."""
        answer: asyncio.Future[Answers] = asyncio.get_running_loop().create_future()
        self.arguments.append(arguments)
        self._answers.append(answer)
        return answer

    def settle(self, task: asyncio.Task[Rows]) -> None:
        """Gives each its row, or all what went wrong."""
        failure = ReadFailed("the reader was closed") if task.cancelled() else task.exception()
        for place, answer in enumerate(self._answers):
            if answer.done():
                continue
            if failure:
                answer.set_exception(failure)
            else:
                answer.set_result(task.result()[place])


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
