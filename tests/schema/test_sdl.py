"""The schema against its committed SDL and against the public contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from schema import make_schema

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "tests" / "data" / "graphql-contract.graphql"
COMMITTED = ROOT / "schema" / "schema.graphql"


def test_the_committed_sdl_is_that_of_the_schema() -> None:
    assert COMMITTED.read_text() == make_schema().as_str() + "\n"


def test_the_schema_contains_the_public_contract() -> None:
    promised = {line for line, _ in _members(build_schema(CONTRACT.read_text()))}
    kept = {line for line, _ in _members(build_schema(make_schema().as_str()))}

    assert promised - kept == set()


def test_every_type_field_argument_and_enum_value_is_described() -> None:
    members = _members(build_schema(make_schema().as_str()))

    assert [line for line, description in members if not (description or "").strip()] == []


def _members(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument, enum value and input field with its type, and its description."""
    for name, kind in schema.type_map.items():
        if not name.startswith("__") and name not in {"String", "Int", "Float", "Boolean", "ID"}:
            yield from _members_of(name, kind)


def _members_of(name: str, kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    yield f"{type(kind).__name__} {name}", kind.description
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        yield from ((f"{name} implements {each.name}", "-") for each in kind.interfaces)
        for key, field in kind.fields.items():
            yield f"{name}.{key}: {field.type}", field.description
            for argument, value in field.args.items():
                yield f"{name}.{key}({argument}: {value.type})", value.description
    elif isinstance(kind, GraphQLInputObjectType):
        yield f"{name} takes {'one field' if kind.is_one_of else 'all fields'}", "-"
        yield from ((f"{name}.{key}: {item.type}", item.description) for key, item in kind.fields.items())
    elif isinstance(kind, GraphQLEnumType):
        yield from ((f"{name}.{key}", value.description) for key, value in kind.values.items())
