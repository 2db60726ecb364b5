"""Valid queries of a schema at random: any field, argument, alias, fragment, directive and variable of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from hypothesis import strategies as st

MAX_DEPTH = 6
MAX_FIELDS = 5
NESTING = {"and", "or", "not"}
OPERATORS = {"eq", "in", "contains", "startsWith"}  # of values like those of the field that they compare

Draw = Any


class Pool(dict[str, list[Any]]):
    """Values by what they are for."""

    def __repr__(self) -> str:
        return "Pool()"  # hypothesis prints it with every failure


@dataclass
class Query:
    """A document with its variables, and the fields that it names as `Type.field`."""

    text: str
    variables: dict[str, Any]
    fields: set[str] = field(repr=False)


@st.composite
def queries(draw: Draw, schema: GraphQLSchema, pool: Pool) -> Query:
    """A query whose arguments are mostly taken from the pool: by argument name, or by `Type.field` for cursors."""
    return _Maker(draw, schema, pool).query()


@dataclass
class _Maker:
    draw: Draw
    schema: GraphQLSchema
    pool: Pool
    types: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    aliases: int = 0

    def query(self) -> Query:
        root = self.schema.query_type
        assert root is not None
        selection = self.selection(root, 1)
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.types.items())
        head = f"query Q({declared}) " if declared else ""
        return Query("\n".join([head + selection, *self.fragments]), self.values, self.fields)

    def maybe(self, one_in: int) -> bool:
        return bool(self.draw(st.integers(1, one_in)) == 1)

    def selection(self, kind: Any, depth: int) -> str:
        """A selection set on an object or interface type."""
        names = [
            name for name, each in kind.fields.items() if depth < MAX_DEPTH or is_leaf_type(get_named_type(each.type))
        ]
        chosen = self.draw(
            st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=MAX_FIELDS, unique=True)
        )
        parts = [self.wrapped(self.selected(kind, name, depth), kind) for name in chosen]
        return "{ " + " ".join(parts) + " }"

    def selected(self, kind: Any, name: str, depth: int) -> str:
        """One field, under an alias or not, once or twice to be merged."""
        if name == "__typename":
            return name
        definition: GraphQLField = kind.fields[name]
        self.fields.add(f"{kind.name}.{name}")
        head = self.arguments(kind, name, definition)
        if self.maybe(4):
            self.aliases += 1
            head = f"a{self.aliases}: {head}"
        inner = get_named_type(definition.type)
        if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            return head
        again = f" {head} {self.selection(inner, depth + 1)}" if self.maybe(8) else ""
        return f"{head} {self.selection(inner, depth + 1)}{again}"

    def wrapped(self, text: str, kind: Any) -> str:
        """The fields as they are, in a fragment, or under a condition."""
        form = self.draw(st.integers(1, 12))
        if form == 1:
            return f"... on {kind.name} {{ {text} }}"
        if form == 2:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {kind.name} {{ {text} }}")
            return f"...{name}"
        if form == 3:
            return f"... @{self.draw(st.sampled_from(['skip', 'include']))}(if: {self.flag()}) {{ {text} }}"
        return text

    def flag(self) -> str:
        value = self.draw(st.booleans())
        return self.variable("Boolean!", value) if self.maybe(2) else json.dumps(value)

    def arguments(self, kind: Any, name: str, definition: GraphQLField) -> str:
        parts = []
        for argument, declared in definition.args.items():
            if isinstance(declared.type, GraphQLNonNull) or self.maybe(3):
                parts.append(f"{argument}: {self.argument(f'{kind.name}.{name}', argument, declared)}")
        return f"{name}({', '.join(parts)})" if parts else name

    def argument(self, place: str, name: str, declared: GraphQLArgument) -> str:
        value = self.value(declared.type, name, place, 1)
        if self.maybe(2):
            return self.variable(str(declared.type), value)
        return _literal(declared.type, value)

    def variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.types)}"
        self.types[name] = kind
        self.values[name] = value
        return f"${name}"

    def value(self, kind: GraphQLInputType, name: str, place: str, depth: int) -> Any:
        """A value as a client would send it in its variables."""
        if isinstance(kind, GraphQLNonNull):
            return self.given(kind.of_type, name, place, depth)
        return None if self.maybe(12) else self.given(kind, name, place, depth)

    def given(self, kind: GraphQLInputType, name: str, place: str, depth: int) -> Any:
        """A value that is not null."""
        if isinstance(kind, GraphQLList):
            length = self.draw(st.integers(0, 2))
            return [self.given(get_nullable_type(kind.of_type), name, place, depth) for _ in range(length)]
        if isinstance(kind, GraphQLInputObjectType):
            return self.object(kind, name, place, depth)
        if isinstance(kind, GraphQLEnumType):
            return self.draw(st.sampled_from(list(kind.values)))
        if str(kind) == "Boolean":
            return self.draw(st.booleans())
        known = self.pool.get(f"{place}:{name}") or self.pool.get(name) or self.pool[str(kind)]
        return self.draw(st.sampled_from(known))

    def object(self, kind: GraphQLInputObjectType, name: str, place: str, depth: int) -> dict[str, Any]:
        members = {}
        for key, declared in kind.fields.items():
            if isinstance(declared.type, GraphQLNonNull) or (self.maybe(4) and not (depth > 2 and key in NESTING)):
                members[key] = self.value(declared.type, name if key in OPERATORS else key, place, depth + 1)
        return members


def _literal(kind: GraphQLInputType, value: Any) -> str:
    """A value as it is written in a document."""
    if isinstance(kind, GraphQLNonNull):
        return _literal(kind.of_type, value)
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList):
        return "[" + ", ".join(_literal(kind.of_type, each) for each in value) + "]"
    if isinstance(kind, GraphQLInputObjectType):
        members = (f"{name}: {_literal(kind.fields[name].type, each)}" for name, each in value.items())
        return "{" + ", ".join(members) + "}"
    return str(value) if isinstance(kind, GraphQLEnumType) else json.dumps(value)
