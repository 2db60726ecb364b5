"""Runs compiled statements on SQLite, in the process itself."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from threading import Event
from typing import Any

from storage.plan.errors import ReadFailed
from storage.plan.statement import Answers, Plan

LOOP_BUDGET_S = 0.05  # a statement that holds SQLite's loop for longer goes to a thread
PATIENT_READS = 4  # at once; their threads are shared with whatever else may not hold up the loop
CHECK_EVERY = 10_000  # SQLite's instructions between two looks at the clock, some hundred microseconds
PREPARED = 256  # statements that are kept

FAILURES = (sqlite3.Error, UnicodeError)


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

    async def fetch(self, plan: Plan, arguments: Sequence[Any], timeout_s: float) -> Answers:
        if self._connection is None:
            self._connection = self._connect()
            self._connection.set_progress_handler(lambda: time.monotonic() > self._until, CHECK_EVERY)
        self._until = time.monotonic() + LOOP_BUDGET_S
        try:
            row: Answers = self._connection.execute(plan.text, arguments).fetchone()
        except FAILURES as exc:
            if not _is_interrupt(exc):
                raise ReadFailed from exc
        else:
            return row
        async with asyncio.timeout(timeout_s), self._patience:
            return await self._fetch_patiently(plan.text, arguments)

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
