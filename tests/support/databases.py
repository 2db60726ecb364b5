"""Databases that tests have to themselves, of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import fresh_database

KINDS = ["sqlite", "postgresql"]


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database; that of SQLite is a file in the folder."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'chargeyard.db'}"
        return
    with fresh_database() as url:
        yield url
