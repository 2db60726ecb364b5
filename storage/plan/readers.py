"""What runs compiled statements, one way for each database.

A read over SQLAlchemy's engine costs ten times what it costs here, most of it in the process and not in the database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from sqlalchemy import make_url

from storage.plan.postgres import PostgresReader
from storage.plan.sqlite import SqliteReader
from storage.plan.statement import Answers, Plan


class Reader(Protocol):
    """What runs the statements of one database."""

    is_sqlite: bool

    def fetch(self, plan: Plan, arguments: Sequence[Any], timeout_s: float) -> Awaitable[Answers]:
        """The only row of a plan's statement. Raises ReadFailed, and TimeoutError when the time is over."""
        ...

    async def close(self) -> None: ...


def make_reader(url: str) -> Reader:
    """The reader for the database of a SQLAlchemy URL; it connects when it is first used."""
    return SqliteReader(make_url(url).database or "") if url.startswith("sqlite") else PostgresReader(url)
