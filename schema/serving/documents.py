"""Documents that clients send, read once: parsed, measured, validated, and kept for the next request."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.errors import Schema, translate
from schema.limits import OperationCost, measure
from schema.planner import PlannedOperation, Planner

MAX_TOKENS = 10_000  # about 0.1 s of parsing
MAX_SOURCE_LENGTH = 256 * 1024
MAX_COMMENTS = 1_000
MAX_ERRORS = 20

KEPT_DOCUMENTS = 1_000
KEPT_LENGTH = 512 * 1024  # of all; a parsed document takes some hundred bytes for each character
LONG = 32 * 1024  # rare, and they would push out many others


@dataclass(frozen=True)
class Operation:
    """One operation of a document. Its plans live as long as the document is kept."""

    is_mutation: bool
    is_subscription: bool
    cost: OperationCost
    document: DocumentNode
    plans: PlannedOperation | None


@dataclass(frozen=True)
class Document:
    """A document as it was read. With errors it has no operations."""

    errors: tuple[GraphQLError, ...] = ()
    operations: dict[str | None, Operation] = field(default_factory=dict)

    def operation(self, name: str | None) -> Operation:
        """The operation that a request means. Raises GraphQLError when it has to be named, or is named wrongly."""
        if name in self.operations:
            return self.operations[name]
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise GraphQLError("Must provide operation name if query contains multiple operations.")
        raise GraphQLError(f"Unknown operation named '{name}'.")


class Documents:
    """Reads documents for one schema and keeps the most recently used."""

    def __init__(self, schema: Schema, planner: Planner | None, *, introspection: bool, suggestions: bool) -> None:
        self._schema = schema._schema
        self._planner = planner
        self._rules = [*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._hide_suggestions = not suggestions
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._kept_length = 0

    def get(self, text: str) -> Document:
        """The document of a text, errors included."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        document = self._read(text)
        if len(text) > LONG:
            return document
        self._kept[text] = document
        self._kept_length += len(text)
        while len(self._kept) > KEPT_DOCUMENTS or self._kept_length > KEPT_LENGTH:
            self._kept_length -= len(self._kept.popitem(last=False)[0])
        return document

    def _read(self, text: str) -> Document:
        try:
            node = parse(
                text,
                max_lexical_tokens=MAX_TOKENS,
                max_source_length=MAX_SOURCE_LENGTH,
                max_comments=MAX_COMMENTS,
                allow_empty_selection_sets=False,
            )
        except GraphQLError as exc:
            return _refused([exc])
        costs, errors = measure(self._schema, node)
        errors = errors or validate(self._schema, node, self._rules, MAX_ERRORS, self._hide_suggestions)
        if errors:
            return _refused(errors)
        plans = self._planner.prepare(node) if self._planner else {}
        operations: dict[str | None, Operation] = {}
        for each in node.definitions:
            if isinstance(each, OperationDefinitionNode):
                name = each.name.value if each.name else None
                operations[name] = Operation(
                    each.operation is OperationType.MUTATION,
                    each.operation is OperationType.SUBSCRIPTION,
                    costs[name],
                    node,
                    plans.get(name),
                )
        return Document(operations=operations)


def _refused(errors: list[GraphQLError]) -> Document:
    translate(errors)
    for error in errors:
        error.nodes = None  # they would keep the parsed document alive
    return Document(tuple(errors))
