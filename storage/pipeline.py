"""libpq's pipeline: statements go to PostgreSQL in one write, and one wait gets what all of them did.

psycopg's own pipeline writes and waits for each statement. Each wait hands the interpreter's lock over, and two threads
that work off a job would mostly wait for one another.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from select import POLLIN, POLLOUT, poll
from typing import Any

from psycopg import Connection, OperationalError, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

SILENCE_MS = 60_000  # longer than PostgreSQL lets a statement of these sessions run or wait

Names = MutableMapping[str, bytes]  # of the statements that a connection has prepared


@dataclass(frozen=True)
class Execution:
    """A statement with `$1`, `$2` and so on, and the values of each time that it is to be run."""

    text: str
    times: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Outcome:
    """What all times of an execution did: how many rows they changed, and the last row that they return."""

    changed: int
    row: tuple[Any, ...] | None


def run(connection: Connection[Any], names: Names, executions: Sequence[Execution]) -> list[Outcome]:
    """Runs all in the connection's transaction, which begins with them unless it has begun.

    Raises psycopg's errors: that of the first statement that fails, after which none is run.
    """
    libpq, adapter = connection.pgconn, Transformer(connection)
    values = [[_dumped(adapter, each) for each in execution.times] for execution in executions]
    new = _unnamed(names, executions)
    begins = libpq.transaction_status == pq.TransactionStatus.IDLE
    try:
        libpq.enter_pipeline_mode()
        if begins:
            libpq.send_query_params(b"BEGIN", None)
        for text, name in new.items():
            libpq.send_prepare(name, text.encode())
        _send(libpq, [names.get(each.text) or new[each.text] for each in executions], values)
        results = list(_results(libpq))
        libpq.exit_pipeline_mode()
    except BaseException:
        connection.close()  # what it would answer next is anyone's guess
        raise
    prepared, done = results[begins : begins + len(new)], results[begins + len(new) :]
    names.update(name for name, result in zip(new.items(), prepared, strict=False) if _is_done(result))
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise error_from_result(result, connection.info.encoding)
    return list(_outcomes(adapter, executions, iter(done)))


def _unnamed(names: Names, executions: Sequence[Execution]) -> dict[str, bytes]:
    """Names for the statements that the connection has not prepared yet."""
    new: dict[str, bytes] = {}
    for each in executions:
        if each.text not in names:
            new.setdefault(each.text, b"b%d" % (len(names) + len(new)))
    return new


def _send(libpq: Any, names: Sequence[bytes], values: Sequence[Sequence[Any]]) -> None:
    for name, times in zip(names, values, strict=True):
        for each in times:
            libpq.send_query_prepared(name, each)
    libpq.pipeline_sync()


def _dumped(adapter: Any, values: Sequence[Any]) -> Sequence[Any]:
    """The values as text: their types are those of the statement's parameters, however large a number is."""
    dumped: Sequence[Any] = adapter.dump_sequence(values, [PyFormat.TEXT] * len(values))
    return dumped


def _is_done(result: Any) -> bool:
    return bool(result.status == pq.ExecStatus.COMMAND_OK)


def _outcomes(adapter: Any, executions: Sequence[Execution], results: Iterator[Any]) -> Iterator[Outcome]:
    for execution in executions:
        changed, row = 0, None
        for _ in execution.times:
            result = next(results)
            changed += result.command_tuples or 0
            if result.ntuples:
                adapter.set_pgresult(result)
                row = adapter.load_row(result.ntuples - 1, tuple)
        yield Outcome(changed, row)


def _results(libpq: Any) -> Iterator[Any]:
    """The result of each command, in order, up to the end of the pipeline. Raises OperationalError when it breaks."""
    waiter = poll()
    waiter.register(libpq.socket, POLLIN | POLLOUT)
    while libpq.flush():  # more than the socket takes at once: the server may have to be heard before it reads on
        _hear(libpq, waiter)
    waiter.modify(libpq.socket, POLLIN)
    is_over = False
    while True:
        while libpq.is_busy():
            _hear(libpq, waiter)
        result = libpq.get_result()
        if result is None:
            if is_over:
                raise OperationalError("the connection was lost")
            is_over = True  # of one command
        elif result.status == pq.ExecStatus.PIPELINE_SYNC:
            return
        else:
            is_over = False
            yield result


def _hear(libpq: Any, waiter: Any) -> None:
    if not waiter.poll(SILENCE_MS):
        raise OperationalError("the server is silent")
    libpq.consume_input()
