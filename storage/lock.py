"""SQLite belongs to one process: its file lock, held for as long as that process works on the database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sqlalchemy import make_url


class DatabaseUnusable(Exception):
    """The database can't be worked on; the text says which, why and what to do."""


class DatabaseInUse(DatabaseUnusable):
    """Another process holds the SQLite file."""


@contextmanager
def only_process(database_url: str) -> Iterator[None]:
    """Holds the lock beside a SQLite file; PostgreSQL needs none. Raises DatabaseInUse when another process has it.

    Raises DatabaseUnusable where its folder can't be written to. The kernel lets go of the lock when the process
    dies, however it dies.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        yield
        return
    file = Path(f"{url.database}.lock")
    with _opened(file) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise DatabaseInUse(
                f"{url.database} is in use by process {stream.read().strip() or 'unknown'}: SQLite serves one process. "
                "Stop that one, or set CHARGEYARD_DATABASE_URL to PostgreSQL."
            ) from None
        _sign(file, stream)
        yield


def _opened(file: Path) -> TextIO:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("a+")
    except OSError as exc:
        raise _unwritable(file, exc) from exc


def _sign(file: Path, stream: TextIO) -> None:
    """Writes who holds the lock; past the stream's buffer, which on a full disk could not be closed either."""
    try:
        stream.truncate(0)
        os.write(stream.fileno(), str(os.getpid()).encode())
    except OSError as exc:
        raise _unwritable(file, exc) from exc


def _unwritable(file: Path, exc: OSError) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{file} can't be written to ({exc.strerror}); set CHARGEYARD_DATA_DIR or CHARGEYARD_DATABASE_URL to a "
        "place that can."
    )
