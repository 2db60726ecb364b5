"""Answers queries with compiled reads: keeps the plans of a query, and runs them for a request.

A root field that can't be compiled is left to the ordinary executor, with the same result; so is a whole operation
whose arguments are refused, which finds out what the client is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

import orjson
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.values import VariableValues, get_variable_values
from orjson import Fragment
from sqlalchemy import ColumnElement

from errors import ChargeyardError
from resolvers.auth import Principal
from resolvers.context import Context
from schema.errors import Schema
from schema.selection import Selection
from storage.plan import Plan, ReadFailed, Reshaped, Statement, Unsupported

log = logging.getLogger("chargeyard.reads")

MAX_PLANS = 32  # of one operation: its variables rarely have more shapes, and a client can make any number of them
PLANNED_DIRECTIVES = {"skip", "include"}
PLAIN_KINDS: Mapping[str, type] = {"ID": str, "String": str, "Int": int}
MAX_INT = 2**31 - 1
PLAIN = "plain"  # the shape of variables of which none can shape the statement


class Planned(NamedTuple):
    """What plans answer: each root field's JSON, in the order of the answer, and None for the fields of `rest`.

    `rest` is the operation with just the fields that are left to the ordinary executor.
    """

    fields: dict[str, Fragment | None]
    rest: DocumentNode | None = None

    def result(self, rest: ExecutionResult) -> ExecutionResult:
        """The result of the operation, with that of `rest`."""
        if rest.data is None:
            return rest
        data = {key: rest.data[key] if value is None else value for key, value in self.fields.items()}
        return ExecutionResult(data, rest.errors)


@dataclass(frozen=True)
class Compiled:
    """A plan for one shape of an operation's variables; its answers are those of `planned`, in this order."""

    plan: Plan
    planned: list[str]
    fields: dict[str, Fragment | None]
    rest: DocumentNode | None


class Planner:
    """Compiles the queries of one schema for one kind of database."""

    def __init__(self, schema: Schema, *, is_sqlite: bool) -> None:
        self.schema = schema
        self._is_sqlite = is_sqlite

    def statement(self) -> Statement:
        """An empty statement for the database."""
        return Statement(is_sqlite=self._is_sqlite)

    def prepare(self, document: DocumentNode) -> dict[str | None, PlannedOperation]:
        """The plans of a valid document's queries by the names of these; there are none with directives of others."""
        if not _directives(document) <= PLANNED_DIRECTIVES:
            return {}
        return {
            node.name.value if node.name else None: PlannedOperation(self, document, node)
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode) and node.operation is OperationType.QUERY
        }


class PlannedOperation:
    """The plans of a query, by the shape of its variables; each is compiled when it is first needed."""

    def __init__(self, planner: Planner, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._planner = planner
        self._operation = operation
        self._fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self._kinds = _kinds(operation)
        self._plans: dict[Hashable, Compiled | None] = {}

    async def answer(self, ctx: Context, variables: dict[str, Any], timeout_s: float) -> Planned | None:
        """The answer of the query, None where the ordinary executor must give it.

        Raises TimeoutError when the database takes longer than it may.
        """
        if not isinstance(ctx.caller, Principal):
            return None
        try:
            bound = self._bound(variables, ctx.caller.organization_id)
            if bound is None:
                return None
            compiled, arguments = bound
            answers = await ctx.services.database.reads.fetch(compiled.plan, arguments, timeout_s)
        except ReadFailed as exc:
            log.warning("a compiled read failed, the ordinary executor tries: %s", exc.__cause__)
            return None
        except (ChargeyardError, Unsupported):
            return None  # the ordinary executor says it in its own words
        fields = compiled.fields.copy()
        for key, text in zip(compiled.planned, answers, strict=True):
            fields[key] = Fragment(text or b"null")
        return Planned(fields, compiled.rest)

    def _bound(self, variables: dict[str, Any], tenant: str | None) -> tuple[Compiled, list[Any]] | None:
        """The plan for these variables, with the values that it takes."""
        plain = _plain(self._kinds, variables)
        values = self._coerced(variables) if plain is None else VariableValues({}, plain)
        if values is None:
            return None
        shape = _shape(values.coerced) if plain is None else PLAIN
        compiled = self._plans[shape] if shape in self._plans else self._compiled(shape, values)
        if compiled is None or (compiled.plan.is_tenant_bound and tenant is None):
            return None
        try:
            return compiled, compiled.plan.arguments(tenant, values)
        except Reshaped:
            compiled = self._compiled(shape, values)
            return (compiled, compiled.plan.arguments(tenant, values)) if compiled else None

    def _coerced(self, variables: dict[str, Any]) -> VariableValues | None:
        """The values of the operation's variables, None where they are not of their types."""
        definitions = self._operation.variable_definitions or ()
        values = get_variable_values(self._planner.schema._schema, definitions, variables)
        return values if isinstance(values, VariableValues) else None

    def _compiled(self, shape: Hashable, values: VariableValues) -> Compiled | None:
        """A new plan for this shape of the variables."""
        if len(self._plans) >= MAX_PLANS:
            self._plans.pop(next(iter(self._plans)))
        compiled = self._plans[shape] = self._compile(values)
        return compiled

    def _compile(self, values: VariableValues) -> Compiled | None:
        """The plan of the root fields that have one; None where none has."""
        planner, operation = self._planner, self._operation
        query = planner.schema._schema.query_type
        assert query is not None  # a valid document with a query
        fragments = {node.name.value: FragmentDetails(node) for node in self._fragments}
        grouped = collect_fields(planner.schema._schema, fragments, values, query, operation).grouped_field_set

        def answers(keys: Iterable[str], statement: Statement) -> list[ColumnElement[Any]]:
            selection = Selection(planner.schema, operation, fragments, values, statement)
            return [selection.root(query, key, grouped[key]) for key in keys]

        fields: dict[str, Fragment | None] = dict.fromkeys(grouped)
        planned: list[str] = []
        rest: list[FieldNode] = []
        for key, details in grouped.items():
            if details[0].node.name.value == "__typename":
                fields[key] = Fragment(orjson.dumps(query.name))
            elif _succeeds(answers, [key], planner.statement()):
                planned.append(key)
            else:
                rest += [detail.node for detail in details]
        if not planned:
            return None
        statement = planner.statement()
        return Compiled(statement.compile(answers(planned, statement)), planned, fields, self._left(rest))

    def _left(self, fields: Sequence[FieldNode]) -> DocumentNode | None:
        """The operation with just these fields."""
        if not fields:
            return None
        left = replace(self._operation, selection_set=SelectionSetNode(selections=tuple(fields)))
        return DocumentNode(definitions=(left, *self._fragments))


def _succeeds(answers: Callable[[Iterable[str], Statement], object], keys: Iterable[str], statement: Statement) -> bool:
    try:
        answers(keys, statement)
    except Unsupported:
        return False
    return True


def _kinds(operation: OperationDefinitionNode) -> dict[str, type] | None:
    """What Python makes of the operation's variables, if their JSON values need no more coercion than a look."""
    kinds: dict[str, type] = {}
    for each in operation.variable_definitions or ():
        node = each.type.type if isinstance(each.type, NonNullTypeNode) else each.type
        if not isinstance(node, NamedTypeNode) or node.name.value not in PLAIN_KINDS:
            return None
        kinds[each.variable.name.value] = PLAIN_KINDS[node.name.value]
    return kinds


def _plain(kinds: Mapping[str, type] | None, variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """The variables, where each has a value that needs no coercion and can't shape the statement."""
    if kinds is None:
        return None
    plain: dict[str, Any] = {}
    for name, kind in kinds.items():
        value = variables.get(name)
        if type(value) is not kind or (isinstance(value, int) and abs(value) > MAX_INT):
            return None
        plain[name] = value
    return plain


def _shape(value: Any) -> Hashable:
    """What of a value decides the structure of a statement: lengths, nulls, truth values and enums."""
    if isinstance(value, dict):
        return tuple((name, _shape(member)) for name, member in value.items())
    if isinstance(value, list):
        return tuple(map(_shape, value))
    return value if value is None or isinstance(value, bool | Enum) else ...


class _Directives(Visitor):
    """Collects the names of the directives in a document."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_args: Any) -> None:
        self.names.add(node.name.value)


def _directives(document: DocumentNode) -> set[str]:
    visitor = _Directives()
    visit(document, visitor)
    return visitor.names
