"""Answers queries with compiled reads: keeps the plans of a query, and runs them for a request.

A root field that can't be compiled is left to the ordinary executor, with the same result; so is a whole operation
whose arguments are refused, which finds out what the client is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
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
    GraphQLError,
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

from errors import ChargeyardError
from resolvers.auth import Principal
from resolvers.context import Context
from schema.errors import Schema
from schema.selection import Selection
from storage.plan import Plan, ReadFailed, Reshaped, Statement, Unsupported

log = logging.getLogger("chargeyard.reads")

KEPT_LENGTH = 4 * 2**20  # of the statements of all plans: a plan takes some bytes for each character of its statement
LEAST_LENGTH = 1_000  # that a plan counts with
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


Bound = tuple[Compiled, list[Any]]


class NotKept(Exception):
    """There is no plan for these variables yet."""


class Planner:
    """Compiles the queries of one schema for one kind of database."""

    def __init__(self, schema: Schema, *, is_sqlite: bool) -> None:
        self.schema = schema
        self.turn = asyncio.Lock()  # to compile, which takes a thread and the interpreter from all others
        self._is_sqlite = is_sqlite
        self._kept: deque[tuple[PlannedOperation, Hashable, int]] = deque()  # the oldest first
        self._kept_length = 0

    def statement(self) -> Statement:
        """An empty statement for the database."""
        return Statement(is_sqlite=self._is_sqlite)

    def keep(self, operation: PlannedOperation, shape: Hashable, compiled: Compiled | None) -> None:
        """Keeps a plan for the operation, for as long as there is room for it."""
        operation.keep(shape, compiled)
        length = max(LEAST_LENGTH, len(compiled.plan.text) if compiled else 0)
        self._kept.append((operation, shape, length))
        self._kept_length += length
        while self._kept_length > KEPT_LENGTH and len(self._kept) > 1:
            oldest, its_shape, its_length = self._kept.popleft()
            oldest.forget(its_shape)
            self._kept_length -= its_length

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
        self._plans: dict[Hashable, list[Compiled | None]] = {}

    async def answer(self, ctx: Context, variables: dict[str, Any], timeout_s: float) -> Planned | None:
        """The answer of the query, None where the ordinary executor must give it.

        Raises TimeoutError when the database takes longer than it may.
        """
        if not isinstance(ctx.caller, Principal):
            return None
        try:
            try:
                bound = self._bound(*self._asked(variables), ctx.caller.organization_id)
            except NotKept:
                bound = await self.bound(variables, ctx.caller.organization_id)
            if bound is None:
                return None
            compiled, arguments = bound
            answers = await ctx.services.database.reads.fetch(compiled.plan, arguments, timeout_s)
        except ReadFailed as exc:
            log.warning("a compiled read failed, the ordinary executor tries: %s", exc.__cause__)
            return None
        except (ChargeyardError, GraphQLError, Unsupported):
            return None  # the ordinary executor says it in its own words
        fields = compiled.fields.copy()
        for key, text in zip(compiled.planned, answers, strict=True):
            fields[key] = Fragment(text or b"null")
        return Planned(fields, compiled.rest)

    async def bound(self, variables: dict[str, Any], tenant: str | None) -> Bound | None:
        """The plan for these variables, compiled if it is not kept, with the values that it takes; None for none.

        Raises Unsupported, GraphQLError or ChargeyardError for variables that the ordinary executor has to refuse.
        """
        shape, values = self._asked(variables)
        async with self._planner.turn:
            with suppress(NotKept):  # another request has had it compiled meanwhile
                return self._bound(shape, values, tenant)
            self._planner.keep(self, shape, await asyncio.to_thread(self._compile, values))
            return self._bound(shape, values, tenant)

    def keep(self, shape: Hashable, compiled: Compiled | None) -> None:
        """Adds a plan for this shape, None where there can't be one. Those of one shape differ in their structure."""
        self._plans.setdefault(shape, []).append(compiled)

    def forget(self, shape: Hashable) -> None:
        """Drops what was kept for this shape."""
        self._plans.pop(shape, None)

    def _bound(self, shape: Hashable, values: VariableValues, tenant: str | None) -> Bound | None:
        """As `bound`. Raises NotKept where it has to be compiled."""
        for compiled in self._plans.get(shape, ()):
            if compiled is None or (compiled.plan.is_tenant_bound and tenant is None):
                return None
            try:
                return compiled, compiled.plan.arguments(tenant, values)
            except Reshaped:
                continue
        raise NotKept

    def _asked(self, variables: dict[str, Any]) -> tuple[Hashable, VariableValues]:
        """The shape and the values of the operation's variables. Raises Unsupported where they have other types."""
        plain = _plain(self._kinds, variables)
        if plain is not None:
            return PLAIN, VariableValues({}, plain)
        definitions = self._operation.variable_definitions or ()
        values = get_variable_values(self._planner.schema._schema, definitions, variables)
        if not isinstance(values, VariableValues):
            raise Unsupported("variables that are not of their types")
        return _shape(values.coerced), values

    def _compile(self, values: VariableValues) -> Compiled | None:
        """The plan of the root fields that have one; None where none has."""
        planner, operation = self._planner, self._operation
        query = planner.schema._schema.query_type
        assert query is not None  # a valid document with a query
        fragments = {node.name.value: FragmentDetails(node) for node in self._fragments}
        grouped = collect_fields(planner.schema._schema, fragments, values, query, operation).grouped_field_set
        fields: dict[str, Fragment | None] = dict.fromkeys(grouped)
        wanted = [key for key, details in grouped.items() if details[0].node.name.value != "__typename"]
        fields |= {key: Fragment(orjson.dumps(query.name)) for key in grouped if key not in wanted}

        def plan(keys: Sequence[str]) -> Plan | None:
            statement = planner.statement()
            selection = Selection(planner.schema, operation, fragments, values, statement)
            try:
                return statement.compile([selection.root(query, key, grouped[key]) for key in keys])
            except Unsupported:
                return None

        planned, compiled = wanted, plan(wanted) if wanted else None
        if compiled is None:
            planned = [key for key in wanted if plan([key])]
            compiled = plan(planned) if planned else None
        rest = [detail.node for key in wanted if key not in planned for detail in grouped[key]]
        return None if compiled is None else Compiled(compiled, planned, fields, self._left(rest))

    def _left(self, fields: Sequence[FieldNode]) -> DocumentNode | None:
        """The operation with just these fields."""
        if not fields:
            return None
        left = replace(self._operation, selection_set=SelectionSetNode(selections=tuple(fields)))
        return DocumentNode(definitions=(left, *self._fragments))


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
