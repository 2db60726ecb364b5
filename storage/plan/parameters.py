"""The values of a statement: which of the request's go to which of its places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Dialect, Select, bindparam, literal_column
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

from storage.plan.errors import Reshaped, Unsupported

Variables = Any  # whatever stands for a request's variables; only slots look into it
Values = Callable[[Variables], Sequence[Any]]
Processor = Callable[[Any], Any]
Rows = Select[Any]
Binds = Sequence[BindParameter[Any]]


class Parameters:
    """Collects the values of one statement while it is compiled.

    A slot is a function from a request's variables to a fixed number of values. A request calls the slots one after
    the other; `places` says where in the resulting list the value of each parameter lies.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.slots: list[Values] = []
        self.places: dict[str, tuple[int, Processor | None]] = {}
        self._dialect = dialect
        self._names = (f"v{number}" for number in count())

    def add(self, values: Values, types: Sequence[TypeEngine[Any]]) -> list[ColumnElement[Any]]:
        """The parameters of a new slot, one for each type."""
        self.slots.append(values)
        return [self._parameter(bindparam(None, None, type_)) for type_ in types]

    def adopt(self, rows: Rows, again: Callable[[Variables], Rows] | None = None) -> Rows:
        """The statement with its values as a slot; `again` makes it for other variables, without it they are fixed."""
        structure, binds = _read(rows)
        if again is None:
            values = _values(binds)
            self.slots.append(lambda _variables: values)
        else:
            self.slots.append(lambda variables: _reread(again(variables), structure))
        parameters = {id(bind): self._parameter(bind) for bind in binds}
        replaced: Rows = replacement_traverse(rows, {}, lambda element, **_options: parameters.get(id(element)))  # type: ignore[assignment]  # gives what it takes
        return replaced

    def _parameter(self, bind: BindParameter[Any]) -> BindParameter[Any]:
        """A parameter with a name that survives copying, which SQLAlchemy's own names do not."""
        name = next(self._names)
        processor = bind.type.dialect_impl(self._dialect).bind_processor(self._dialect)
        # SQLAlchemy names the values of a list so
        for each in [f"{name}_{index + 1}" for index in range(len(_values([bind])))] if bind.expanding else [name]:
            self.places[each] = len(self.places), processor
        return bindparam(name, bind.value, bind.type, expanding=bind.expanding)


def number(value: int) -> ColumnElement[int]:
    """An integer in the statement's text, for one that never changes: PostgreSQL plans for a page of just this size."""
    return literal_column(str(int(value)))


def _read(rows: Rows) -> tuple[object, Binds]:
    """The structure of a statement with the lengths of its lists, and its values in the order of the structure."""
    key = rows._generate_cache_key()  # by which SQLAlchemy itself tells statements that differ in values only
    if key is None:
        raise Unsupported("a statement that SQLAlchemy can't cache")
    return (key.key, [len(_values([bind])) for bind in key.bindparams]), key.bindparams


def _reread(rows: Rows, structure: object) -> list[Any]:
    other, binds = _read(rows)
    if other != structure:
        raise Reshaped
    return _values(binds)


def _values(binds: Iterable[BindParameter[Any]]) -> list[Any]:
    lists: Iterable[Any] = (bind.value if bind.expanding else [bind.value] for bind in binds)
    return [value for values in lists for value in values]
