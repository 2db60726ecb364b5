"""Counts the SQL statements that requests make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from tests.support.gateway import Gateway


@contextmanager
def counted_statements(gateway: Gateway) -> Iterator[list[str]]:
    """The statements that the gateway's request engine runs inside the block."""
    engine: Engine = gateway.services.database._async_engine.sync_engine
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
