"""Compiles what a query selects into the expressions of one statement, or refuses to.

graphql-core collects the fields, so aliases, fragments, `@skip`, `@include`, merging and the order of keys are the
specification's. The schema's own types say which attribute of a row each field is, `schema.reads` which rows each
resolved field reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, GroupedFieldSet, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from sqlalchemy import JSON, Boolean, ColumnElement, Float, Integer, String
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from schema.errors import Schema
from schema.fields import EMBEDDED
from schema.reads import READS, Find, Many, Members, One, Pages
from storage.models.base import UtcDateTime
from storage.paging import Window, window
from storage.plan import Keyset, Level, Statement, Unsupported, text

PAGING = ("first", "after", "last", "before")
LISTS = ("nodes", "edges")
COLUMN_TYPES: Mapping[str, tuple[type[Any], ...]] = {
    "ID": (String, Integer),
    "String": (String,),
    "Int": (Integer,),
    "Float": (Float,),
    "Boolean": (Boolean,),
    "DateTime": (UtcDateTime,),
}

Details = list[FieldDetails]
Value = ColumnElement[Any]
Argument = Callable[[VariableValues], Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Selected:
    """One field of the answer: its name, its definition and where the query selects it."""

    name: str
    field: GraphQLField
    details: Details

    @property
    def node(self) -> FieldNode:
        return self.details[0].node

    @property
    def type(self) -> GraphQLObjectType:
        """The object type of the field's value or values."""
        named = get_named_type(self.field.type)
        if not isinstance(named, GraphQLObjectType):
            raise Unsupported("an interface or a union")
        return named

    @property
    def given(self) -> dict[str, ValueNode]:
        """The arguments as the query writes them."""
        return {argument.name.value: argument.value for argument in self.node.arguments or ()}

    @property
    def declared(self) -> StrawberryField:
        return self.field.extensions["strawberry-definition"]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Selection:
    """One operation with one shape of variables, on its way into one statement."""

    schema: Schema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    statement: Statement

    def root(self, type_: GraphQLObjectType, key: str, details: Details) -> Value:
        """The answer of a field of the query. Raises Unsupported where only the ordinary executor knows it."""
        (value,) = self._members(type_, {key: details}, lambda selected: self._value(None, type_, selected)).values()
        return value

    def _members(
        self, type_: GraphQLObjectType, grouped: GroupedFieldSet, value_of: Callable[[Selected], T]
    ) -> dict[str, T | Value]:
        """The members of an object, by response key."""
        members: dict[str, T | Value] = {}
        for key, details in grouped.items():
            name = details[0].node.name.value
            if name == "__typename":
                members[key] = text(type_.name)
            elif name in type_.fields:
                members[key] = value_of(_unguarded(Selected(name, type_.fields[name], details)))
            else:
                raise Unsupported("introspection")
        return members

    def _object(self, selected: Selected, value_of: Callable[[Selected], T]) -> dict[str, T | Value]:
        """The members of the object that a field gives."""
        collected = collect_subfields(
            self.schema._schema, self.fragments, self.variables, self.operation, selected.type, selected.details
        )
        return self._members(selected.type, collected.grouped_field_set, value_of)

    def _row(self, level: Level, selected: Selected) -> dict[str, Value]:
        """The members of an object whose values stand in the level's row."""
        return self._object(selected, lambda member: self._value(level, selected.type, member))

    def _value(self, level: Level | None, type_: GraphQLObjectType, selected: Selected) -> Value:
        match READS.get((type_.name, selected.name)):
            case Find() as find:
                return self._find(find, selected)
            case Many() as many:
                return self._many(many, level, selected)
            case Pages() as pages:
                return self._connection(self._keyset(pages, level, selected), selected)
            case One() as one if level is not None:
                return self._one(one, level, selected)
            case Members() as members if level is not None:
                return self._json(members, level, selected)
        if level is None:
            raise Unsupported(f"{type_.name}.{selected.name} is computed")
        if selected.declared.metadata.get(EMBEDDED):
            return level.forms.object(self._row(level, selected))
        if selected.declared.base_resolver is None:
            return _leaf(level, selected)
        raise Unsupported(f"{type_.name}.{selected.name} is computed")

    def _find(self, find: Find, selected: Selected) -> Value:
        (name,) = selected.field.args
        given = self._argument(selected, name)
        parameters = self.statement.parameters

        def key(variables: VariableValues) -> list[Any]:
            id = given(variables)
            if id is None:
                raise Unsupported("null, for a variable that has a default")
            return [find.parse(id)]

        (wanted,) = parameters.add(key, [find.key.type])
        level = Level(self.statement, find.rows().where(find.key == wanted))
        return level.one(self._row(level, selected))

    def _one(self, one: One, above: Level, selected: Selected) -> Value:
        ours, theirs = one.link
        if isinstance(selected.field.type, GraphQLNonNull) and _is_nullable(ours):
            raise Unsupported("a link that may be missing where the field is not null")
        level = Level(self.statement, above.reached(one.rows(), ours, theirs))
        return level.one(self._row(level, selected))

    def _many(self, many: Many, above: Level | None, selected: Selected) -> Value:
        level = Level(self.statement, _linked(many.rows(), many.link, above))
        return level.many(self._row(level, selected))

    def _json(self, members: Members, level: Level, selected: Selected) -> Value:
        def member(of: Selected) -> Value:
            name = of.declared.python_name
            return level.member(members.column, name, otherwise=members.otherwise.get(name))

        return level.unless_null(members.column, level.forms.object(self._object(selected, member)))

    def _keyset(self, pages: Pages, above: Level | None, selected: Selected) -> Keyset:
        arguments = self._arguments(selected)
        given = arguments(self.variables)
        order = pages.order(given.get("order_by"))
        filters = [name for name in selected.given if name not in (*PAGING, "orderBy")]
        varying = any(_varies(selected.given[name]) for name in filters)

        def rows(variables: VariableValues) -> Any:
            values = arguments(variables)
            return pages.rows(**{name: values[name] for name in values if name not in (*PAGING, "order_by")})

        adopted = self.statement.parameters.adopt(rows(self.variables), rows if varying else None)
        now, again = self._window(selected)
        return Keyset(self.statement, _linked(adopted, pages.link, above), order, now, again)

    def _window(self, selected: Selected) -> tuple[Window, Callable[[VariableValues], Window] | None]:
        """The page that the arguments name now, and how other variables name theirs, if they can."""
        parts = [self._argument(selected, name) for name in PAGING]

        def named(variables: VariableValues) -> Window:
            first, after, last, before = parts
            return window(first(variables), after(variables), last(variables), before(variables))

        varying = any(_varies(selected.given[name]) for name in PAGING if name in selected.given)
        return named(self.variables), named if varying else None

    def _connection(self, keyset: Keyset, selected: Selected) -> Value:
        """The connection, made around the first of its lists: with that the rows of the page are read and counted."""
        parts = self._object(selected, lambda of: of)
        lists = [(key, of) for key, of in parts.items() if isinstance(of, Selected) and of.name in LISTS]
        if not lists:
            return self.statement.forms.object({key: self._part(keyset, of) for key, of in parts.items()})
        around, rows = lists[0]
        page = keyset.around()  # before the other parts, which are asked among its rows
        beside = {key: self._part(keyset, of) for key, of in parts.items() if key != around}

        def connection(items: Value) -> Value:
            return self.statement.forms.object({key: beside.get(key, items) for key in parts})

        return self._list(keyset, page, rows, connection)

    def _part(self, keyset: Keyset, of: Selected | Value) -> Value:
        if not isinstance(of, Selected):
            return of
        if of.name in LISTS:
            return self._list(keyset, keyset.level(), of)
        if of.name == "pageInfo":
            return self.statement.forms.object(self._object(of, lambda field: _place(keyset, field)))
        if of.name == "totalCount":
            return keyset.total()
        raise Unsupported(f"{of.name} of a connection")

    def _list(
        self, keyset: Keyset, level: Level, selected: Selected, around: Callable[[Value], Value] | None = None
    ) -> Value:
        if selected.name == "nodes":
            return level.many(self._row(level, selected), around)
        return level.many(self._object(selected, lambda of: self._edge(keyset, level, of)), around)

    def _edge(self, keyset: Keyset, level: Level, selected: Selected) -> Value:
        match selected.name:
            case "cursor":
                return level.cursor(keyset.order)
            case "node":
                return level.forms.object(self._row(level, selected))
        raise Unsupported(f"{selected.name} of an edge")

    def _argument(self, selected: Selected, name: str) -> Argument:
        """How a request's variables give the argument of this name: looked up where that is all there is to do."""
        given = selected.given.get(name)
        if isinstance(given, VariableNode):
            variable = given.name.value
            return lambda variables: variables.coerced.get(variable)
        value = get_argument_values(selected.field, selected.node, self.variables).get(name)
        return lambda _variables: value

    def _arguments(self, selected: Selected) -> Callable[[VariableValues], dict[str, Any]]:
        """How a request's variables give all arguments, as the field's resolver takes them."""
        registry, config = self.schema.schema_converter.scalar_registry, self.schema.config

        def values(variables: VariableValues) -> dict[str, Any]:
            coerced = get_argument_values(selected.field, selected.node, variables)
            return convert_arguments(coerced, selected.declared.arguments, registry, config)

        return values


def _unguarded(selected: Selected) -> Selected:
    """Refuses a field whose resolver is wrapped in anything, such as a permission, that a statement would skip."""
    declared = selected.declared
    if declared.permission_classes or declared.extensions or declared.directives:
        raise Unsupported(f"{selected.name} is guarded")
    return selected


def _linked(rows: Any, link: tuple[Any, Any] | None, above: Level | None) -> Any:
    if link is None:
        return rows
    if above is None:
        raise Unsupported("rows that belong to a row, without one")
    return above.reached(rows, *link)


def _place(keyset: Keyset, selected: Selected) -> Value:
    """A field of `pageInfo`. The side that the cursor names is taken to have rows: the cursor's own."""
    match selected.name:
        case "hasNextPage":
            return keyset.has_cursor() if keyset.backward else keyset.has_more()
        case "hasPreviousPage":
            return keyset.has_more() if keyset.backward else keyset.has_cursor()
        case "startCursor":
            return keyset.far() if keyset.backward else keyset.near()
        case "endCursor":
            return keyset.near() if keyset.backward else keyset.far()
    raise Unsupported(f"{selected.name} of a page")


def _leaf(level: Level, selected: Selected) -> Value:
    """An attribute of the row, if its column can only hold what the field may answer."""
    name, wanted = selected.declared.python_name, selected.field.type
    attribute = level.attribute(name)
    if isinstance(wanted, GraphQLNonNull):
        if _is_nullable(attribute):
            raise Unsupported(f"{name} may be null, its field may not")
        wanted = wanted.of_type
    if isinstance(wanted, GraphQLEnumType) and isinstance(attribute.type, String):
        names = {member.value: shown for shown, member in wanted.values.items() if member.value != shown}
        return level.value(name, names=names)
    if isinstance(wanted, GraphQLList):
        types: tuple[type[Any], ...] = (JSON,)
    else:
        types = COLUMN_TYPES.get(get_named_type(wanted).name, ())
    if not isinstance(attribute.type, types):
        raise Unsupported(f"{name} is stored otherwise than it is answered")
    return level.value(name, as_id=str(wanted) == "ID")


def _is_nullable(attribute: Any) -> bool:
    return bool(attribute.property.columns[0].nullable)


def _varies(node: ValueNode) -> bool:
    """Whether a variable occurs in a value."""
    if isinstance(node, VariableNode):
        return True
    parts: Sequence[Any] = getattr(node, "values", None) or [each.value for each in getattr(node, "fields", None) or ()]
    return any(_varies(part) for part in parts)
