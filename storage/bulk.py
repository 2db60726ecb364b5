"""Statements that are prepared once and run by the thousand: the inserts and guarded updates of a job's items.

A job writes some ten tables for each location. A session would take longer to prepare each statement than the database
to run it, and wait for each answer; here text and conversions are worked out once, and a batch goes out at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast

from sqlalchemy import Column, Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import UpdateBase

from storage import pipeline
from storage.models import Base
from storage.pipeline import Execution, Outcome
from storage.session import TenancyError, TenantSession

Row = Mapping[str, Any]
Values = tuple[Any, ...]


def insert_rows(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Inserts rows of the session's tenant; columns that a row leaves out get their default or null."""
    tenant = session.info["tenant"]
    if not isinstance(tenant, str):
        raise TenancyError("rows are written for one tenant")
    connection = session.connection()
    if connection.dialect.is_async:
        prepared = _insert(model, connection.dialect)
        connection.exec_driver_sql(prepared.text, prepared.bound(rows, organization_id=tenant))
    else:
        batch = Batch(connection, tenant)
        batch.insert(model, rows)
        batch.run()


class Batch:
    """Statements of one transaction that go to the database together, in order, when `run` is called.

    Made by `Database.batch`, for the synchronous drivers of job steps. Every statement is of the tenant: inserted rows
    are stamped with it, others are given it as `tenant` and must be narrowed by it.
    """

    def __init__(self, connection: Connection, tenant: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._statements: list[tuple[_Prepared, list[Values]]] = []

    @cached_property
    def session(self) -> TenantSession:
        """A session in the same transaction, for what is rare. It knows what was run, and is flushed by its user."""
        return TenantSession(self._connection, info={"tenant": self._tenant}, expire_on_commit=False)

    def insert(self, model: type[Base], rows: Sequence[Row]) -> None:
        """Adds rows; columns that a row leaves out get their default or null."""
        if rows:
            prepared = _insert(model, self._connection.dialect)
            self._add(prepared, prepared.bound(rows, organization_id=self._tenant))

    def execute(self, statement: UpdateBase, **values: Any) -> int:
        """Adds a statement with the values of its parameters; gives its number among the results."""
        prepared = _prepared(statement, self._connection.dialect)
        return self._add(prepared, prepared.bound([values], tenant=self._tenant))

    def run(self) -> list[Outcome]:
        """Runs all and gives what each did. Raises SQLAlchemy's errors, as its own execution would."""
        driver: Any = self._connection.connection.driver_connection
        with self._errors_told():
            if self._connection.dialect.name == "postgresql":
                names = self._connection.info.setdefault("pipeline", {})
                return pipeline.run(driver, names, [Execution(each.text, times) for each, times in self._statements])
            return [_run(driver.cursor(), each, times) for each, times in self._statements]

    def _add(self, prepared: _Prepared, values: list[Values]) -> int:
        self._statements.append((prepared, values))
        return len(self._statements) - 1

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        driver: Any = self._connection.dialect.loaded_dbapi
        try:
            yield
        except driver.IntegrityError as exc:
            raise IntegrityError("a batch", None, exc) from exc
        except driver.OperationalError as exc:
            raise OperationalError("a batch", None, exc) from exc
        except driver.Error as exc:
            raise DBAPIError("a batch", None, exc) from exc


def _run(cursor: Any, prepared: _Prepared, times: list[Values]) -> Outcome:
    if len(times) == 1:
        cursor.execute(prepared.text, times[0])
    else:
        cursor.executemany(prepared.text, times)
    return Outcome(cursor.rowcount, cursor.fetchone() if prepared.returns else None)


@dataclass(frozen=True)
class _Prepared:
    """A statement as a driver takes it, and what its parameters are in their order: name, default and conversion."""

    text: str
    slots: Sequence[tuple[str, Any, Callable[[Any], Any] | None]]
    returns: bool

    def bound(self, rows: Sequence[Row], **same: Any) -> list[Values]:
        """The parameters of each row. Those of `same` are the same for all, whatever a row says."""
        slots = [
            ("", same[name], convert) if name in same else (name, default, convert)  # no column has no name
            for name, default, convert in self.slots
        ]
        return [tuple([_value(row.get(name, other), convert) for name, other, convert in slots]) for row in rows]


def _value(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return value if convert is None else convert(value)


@cache
def _insert(model: type[Base], dialect: Dialect) -> _Prepared:
    """The INSERT of all columns of a table."""
    table = cast("Table", model.__table__)
    defaults = {column.name: _constant(column) for column in table.columns}
    return _of(table.insert().compile(dialect=_positional(dialect), column_keys=list(defaults)), dialect, defaults)


@cache
def _prepared(statement: UpdateBase, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=_positional(dialect))
    return _of(compiled, dialect, compiled.params)


def _of(compiled: Any, dialect: Dialect, defaults: Mapping[str, Any]) -> _Prepared:
    slots = [
        (name, defaults[name], compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in compiled.positiontup
    ]
    return _Prepared(str(compiled), slots, bool(compiled.effective_returning))


def _positional(dialect: Dialect) -> Dialect:
    """The dialect, with parameters by position: drivers look names up for each row anew."""
    return dialect if dialect.positional else type(dialect)(paramstyle="numeric_dollar")  # type: ignore[call-arg]  # as all do


def _constant(column: Column[Any]) -> Any:
    """The column's default where it is a plain value."""
    return getattr(column.default, "arg", None) if column.default is not None and column.default.is_scalar else None
