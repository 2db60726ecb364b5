"""Batches of statements in libpq's pipeline: what they answer, and what they leave behind when something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from storage import pipeline
from storage.pipeline import Execution, Names, Outcome, run
from tests.support.postgres import fresh_database

INSERT = "INSERT INTO things VALUES ($1::integer, $2::text)"
SELECT = "SELECT number, name FROM things WHERE number = $1::integer"
DELETE = "DELETE FROM things WHERE number < $1::integer"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that, as those of jobs, prepares nothing by itself."""
    with psycopg.connect(url, prepare_threshold=None) as connection:
        connection.execute("DROP TABLE IF EXISTS things")
        connection.execute("CREATE TABLE things (number integer PRIMARY KEY, name text)")
        connection.commit()
        yield connection


def test_each_statement_tells_what_it_changed_and_its_last_row(connection: psycopg.Connection[Any]) -> None:
    outcomes = run(
        connection, {}, [Execution(INSERT, [(1, "a"), (2, None)]), Execution(SELECT, [(2,)]), Execution(DELETE, [(2,)])]
    )

    assert outcomes == [Outcome(2, None), Outcome(1, (2, None)), Outcome(1, None)]


def test_a_pipeline_runs_in_the_transaction_of_its_connection(connection: psycopg.Connection[Any]) -> None:
    names: Names = {}
    run(connection, names, [Execution(INSERT, [(1, "a")])])
    connection.rollback()
    run(connection, names, [Execution(INSERT, [(2, "b")])])
    run(connection, names, [Execution(INSERT, [(3, "c")])])
    connection.commit()

    assert connection.execute("SELECT number FROM things").fetchall() == [(2,), (3,)]


def test_what_is_prepared_outlives_rollbacks_and_errors(connection: psycopg.Connection[Any]) -> None:
    names: Names = {}
    for number in (1, 2):
        with pytest.raises(psycopg.errors.UniqueViolation):
            run(connection, names, [Execution(INSERT, [(number, "a"), (number, "b")]), Execution(SELECT, [(1,)])])
        connection.rollback()
    outcomes = run(connection, names, [Execution(DELETE, [(1,)]), Execution(INSERT, [(1, "a")])])

    assert outcomes == [Outcome(0, None), Outcome(1, None)]
    assert names == {INSERT: b"b0", SELECT: b"b1", DELETE: b"b2"}


def test_a_statement_that_can_not_be_prepared_keeps_its_name_from_nobody(connection: psycopg.Connection[Any]) -> None:
    names: Names = {}
    with pytest.raises(psycopg.errors.UndefinedTable):
        run(connection, names, [Execution(INSERT, [(1, "a")]), Execution("SELECT $1::text FROM nothing", [("x",)])])
    connection.rollback()

    assert run(connection, names, [Execution(DELETE, [(1,)]), Execution(INSERT, [(1, "a")])])[1] == Outcome(1, None)


def test_more_goes_through_than_the_socket_takes_at_once(connection: psycopg.Connection[Any]) -> None:
    rows = [(number, "x" * 1_000) for number in range(20_000)]
    echo = "SELECT length($1::text), repeat('y', 5000)"

    outcomes = run(connection, {}, [Execution(INSERT, rows), Execution(echo, [("z" * 5_000,)] * 5_000)])

    assert outcomes == [Outcome(20_000, None), Outcome(5_000, (5_000, "y" * 5_000))]


def test_a_server_that_is_silent_for_too_long_is_an_outage(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "SILENCE_MS", 100)

    with pytest.raises(psycopg.OperationalError, match="silent"):
        run(connection, {}, [Execution("SELECT pg_sleep($1::integer)", [(60,)])])

    assert connection.closed


def test_a_connection_that_is_lost_meanwhile_is_an_outage(connection: psycopg.Connection[Any], url: str) -> None:
    pid = connection.info.backend_pid
    with ThreadPoolExecutor(1) as pool, psycopg.connect(url, autocommit=True) as other:
        sleeping = pool.submit(run, connection, {}, [Execution("SELECT pg_sleep($1::integer)", [(60,)])])
        while not other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'", [pid]).fetchone():
            pass
        other.execute("SELECT pg_terminate_backend(%s)", [pid])

        with pytest.raises(psycopg.OperationalError):
            sleeping.result(timeout=30)
    assert connection.closed
