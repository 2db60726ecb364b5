"""One statement in the making, and the plan that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import with_loader_criteria

from storage.models import TenantOwned
from storage.models.base import Key
from storage.plan.forms import Forms, PostgresForms, SqliteForms
from storage.plan.parameters import Parameters, Processor, Values, Variables

TENANT = "tenant"

Answers = Sequence[bytes | None]  # JSON, untouched from the database to the socket

# The one place where a plan is narrowed to its tenant: SQLAlchemy adds this to every tenant's table that the statement
# reads, at whatever depth, as it does for the statements of a session. (It would take a name from outside for a value.)
_OF_TENANT = with_loader_criteria(
    TenantOwned, lambda cls: cls.organization_id == bindparam("tenant", None, Key), include_aliases=True
)


@dataclass(frozen=True)
class Plan:
    """A compiled read. Each column of its only row is the JSON text of one answer, or null.

    `together` reads for several requests at once: it takes a list of values for each place, and gives a row for each of
    the requests, in their order.
    """

    text: str
    together: str | None = None
    is_tenant_bound: bool = False
    _slots: Sequence[Values] = ()
    _places: Sequence[tuple[int, Processor | None]] = ()
    _constants: Sequence[Any] = ()

    def arguments(self, tenant: str | None, variables: Variables) -> list[Any]:
        """The values of a request, in the order of the statement's places.

        Raises Reshaped where the plan is for other variables, and what the slots raise for values they refuse.
        """
        values = [tenant, *self._constants]
        for slot in self._slots:
            values.extend(slot(variables))
        return [values[place] if process is None else process(values[place]) for place, process in self._places]


class Statement:
    """What the levels of one statement share: its dialect, its parameters and its names."""

    def __init__(self, *, is_sqlite: bool) -> None:
        self.forms: Forms = SqliteForms() if is_sqlite else PostgresForms()
        self.parameters = Parameters(self.forms.dialect)
        self.has_lists = False
        self._numbers = count(1)

    def next_name(self) -> str:
        """A name for a derived table, which no name of a client's can be."""
        return f"#{next(self._numbers)}"

    def compile(self, answers: Sequence[ColumnElement[Any]]) -> Plan:
        """The plan that gives these answers in one row."""
        columns = [answer.label(self.next_name()) for answer in answers]
        compiled: Any = (
            select(*columns)
            .options(_OF_TENANT)
            .compile(dialect=self.forms.dialect, compile_kwargs={"render_postcompile": True})
        )
        known = self.parameters.places
        constants = {name: value for name, value in compiled.params.items() if name not in known and name != TENANT}
        order = [TENANT, *constants]
        shift = len(order)
        places = [
            (order.index(name), None) if name in order else (shift + known[name][0], known[name][1])
            for name in compiled.positiontup
        ]
        return Plan(
            compiled.string,
            # reads of lists keep the database busy for longer than asking does, and are better off side by side
            None if self.has_lists else self.forms.together(compiled.string),
            TENANT in compiled.positiontup,
            self.parameters.slots,
            places,
            list(constants.values()),
        )
