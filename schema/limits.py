"""What a document may ask for, measured in one pass before it is validated or executed.

Every fragment is measured once, however often it is spread, so measuring takes no longer than reading. The cost is an
upper bound of the objects in the answer: a page counts with its size, or with the default where none is given, and a
list without pages as if it had `LIST` items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from storage.paging import DEFAULT_PAGE, MAX_PAGE

MAX_DEPTH = 20  # introspection as clients send it is 15 deep
MAX_ALIASES = 100
MAX_ROOT_FIELDS = 50
MAX_DIRECTIVES = 100
MAX_FIELDS = 1_000
MAX_OPERATIONS = 50
MAX_FRAGMENTS = 100  # validation compares each with each, and goes as deep as they are chained
MAX_REPEATS = 64  # of one object field: validation compares each with each

LIST = 10
MUTATION = 10  # a write costs at least a transaction

Composite = GraphQLObjectType | GraphQLInterfaceType
PageSize = int | str  # a number, or the name of the variable that holds it


@dataclass
class Cost:
    """A number of objects: some fixed, and lists of rows that cost something each. Fragments share their parts."""

    fixed: int = 0
    lists: list[tuple[PageSize, Cost]] = field(default_factory=list)

    def add(self, size: PageSize, rows: Cost) -> None:
        if isinstance(size, int) and not rows.lists:
            self.fixed += size * rows.fixed
        else:
            self.lists.append((size, rows))

    def of(self, variables: Mapping[str, Any]) -> int:
        """The number, once the variables are known. Only for a document within the limits."""
        return self.fixed + sum(_page(size, variables) * rows.of(variables) for size, rows in self.lists)


@dataclass
class Measure:
    """A selection with its fragments: `once` is its cost, `per_row` that of a row when it is a connection's."""

    depth: int = 0
    width: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    once: Cost = field(default_factory=Cost)
    per_row: Cost = field(default_factory=Cost)

    def add(self, other: Measure) -> None:
        """Takes in what stands beside it."""
        self.depth = max(self.depth, other.depth)
        self.width += other.width
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.once.add(1, other.once)
        self.per_row.add(1, other.per_row)


@dataclass
class OperationCost:
    """The cost of one operation, with the page sizes that its variables have by default."""

    cost: Cost
    defaults: Mapping[str, int]

    def of(self, variables: Mapping[str, Any]) -> int:
        return self.cost.of({**self.defaults, **variables}) if self.cost.lists else self.cost.fixed


def measure(
    schema: GraphQLSchema, document: DocumentNode
) -> tuple[dict[str | None, OperationCost], list[GraphQLError]]:
    """The cost of each operation of a parsed document by its name, and the limits that the document breaks."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    reader = _Reader(schema, document)
    costs: dict[str | None, OperationCost] = {}
    errors = [
        *_over("operations", len(operations), MAX_OPERATIONS),
        *_over("fragments", len(document.definitions) - len(operations), MAX_FRAGMENTS),
    ]
    for node in operations[:MAX_OPERATIONS]:
        total = reader.selection(node.selection_set, schema.get_root_type(node.operation))
        errors += _broken(total)
        total.once.fixed += total.width * MUTATION if node.operation is OperationType.MUTATION else 1
        costs[node.name.value if node.name else None] = OperationCost(total.once, _default_sizes(node))
    errors += _over("uses of the same object field", max(reader.objects.values(), default=0), MAX_REPEATS)
    return costs, errors


class _Reader:
    """Reads one document: its fragments first, the innermost before those that spread them."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments: dict[str, Measure] = {}
        self.objects: Counter[str] = Counter()
        nodes = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        for name in _innermost_first({name: set(_spreads(node.selection_set)) for name, node in nodes.items()}):
            self._fragments[name] = self.selection(nodes[name].selection_set, self._condition(nodes[name]))

    def selection(self, selection_set: SelectionSetNode, parent: Composite | None) -> Measure:
        """The measure of what is selected on a type; None stands for a type that does not exist."""
        total = Measure()
        for node in selection_set.selections:
            total.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                total.add(self._field(node, parent))
            elif isinstance(node, InlineFragmentNode):
                kind = self._condition(node) if node.type_condition else parent
                total.add(self.selection(node.selection_set, kind))
            elif isinstance(node, FragmentSpreadNode):
                total.fields += 1  # so that fragments of nothing count too
                total.add(self._fragments.get(node.name.value, Measure()))
        return total

    def _field(self, node: FieldNode, parent: Composite | None) -> Measure:
        measure = Measure(depth=1, width=1, fields=1, aliases=1 if node.alias else 0)
        if node.selection_set is None:
            return measure
        definition = self._schema.get_field(parent, node.name.value) if parent else None
        kind = get_named_type(definition.type) if definition else None
        inner = self.selection(node.selection_set, kind if isinstance(kind, Composite) else None)
        self.objects[(node.alias or node.name).value] += 1
        measure.depth += inner.depth
        measure.fields += inner.fields
        measure.aliases += inner.aliases
        measure.directives += inner.directives
        if definition:
            _add_cost(measure, inner, node, definition, is_row=parent is not None and "pageInfo" in parent.fields)
        return measure

    def _condition(self, node: FragmentDefinitionNode | InlineFragmentNode) -> Composite | None:
        kind = self._schema.get_type(node.type_condition.name.value) if node.type_condition else None
        return kind if isinstance(kind, Composite) else None


def _add_cost(measure: Measure, inner: Measure, node: FieldNode, definition: GraphQLField, *, is_row: bool) -> None:
    inner.once.fixed += 1
    if not is_list_type(get_nullable_type(definition.type)):
        measure.once.add(1, inner.once)
        measure.once.add(_page_size(node) if "first" in definition.args else DEFAULT_PAGE, inner.per_row)
    elif is_row:
        measure.per_row.add(1, inner.once)
    else:
        measure.once.add(LIST, inner.once)


def _page_size(node: FieldNode) -> PageSize:
    sizes = [argument.value for argument in node.arguments or () if argument.name.value in {"first", "last"}]
    if len(sizes) > 1:
        return MAX_PAGE  # one of them may be null
    for size in sizes:
        if isinstance(size, IntValueNode):
            return _clamped(int(size.value[:9]))
        if isinstance(size, VariableNode):
            return size.name.value
    return DEFAULT_PAGE


def _page(size: PageSize, variables: Mapping[str, Any]) -> int:
    if isinstance(size, int):
        return size
    value = variables.get(size)
    return _clamped(value) if isinstance(value, int | float) else DEFAULT_PAGE


def _clamped(size: float) -> int:
    return int(min(max(size, 1), MAX_PAGE))


def _default_sizes(node: OperationDefinitionNode) -> dict[str, int]:
    return {
        each.variable.name.value: int(each.default_value.value[:9])
        for each in node.variable_definitions or ()
        if isinstance(each.default_value, IntValueNode)
    }


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    """The fragments that a selection spreads itself."""
    pending = [selection_set]
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                yield node.name.value
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                pending.append(node.selection_set)


def _innermost_first(spreads: Mapping[str, set[str]]) -> list[str]:
    """The fragments, each behind those it spreads; within a circle, which validation refuses, in any order."""
    ordered: dict[str, None] = {}
    seen: set[str] = set()
    for name in spreads:
        path = [name]
        while path:
            top = path[-1]
            seen.add(top)
            unseen = next((each for each in spreads[top] if each not in seen and each in spreads), None)
            if unseen is None:
                ordered[path.pop()] = None
            else:
                path.append(unseen)
    return list(ordered)


def _broken(total: Measure) -> Iterator[GraphQLError]:
    yield from _over("levels", total.depth, MAX_DEPTH)
    yield from _over("root fields", total.width, MAX_ROOT_FIELDS)
    yield from _over("aliases", total.aliases, MAX_ALIASES)
    yield from _over("directives", total.directives, MAX_DIRECTIVES)
    yield from _over("fields", total.fields, MAX_FIELDS)


def _over(what: str, number: int, most: int) -> Iterator[GraphQLError]:
    if number > most:
        shown = number if number < 10**6 else "millions of"
        yield GraphQLError(
            f"The document has {shown} {what}; {most} are allowed.", extensions={"code": "QUERY_TOO_COMPLEX"}
        )
