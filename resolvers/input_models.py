"""How a pydantic model becomes a GraphQL input without a second set of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, TypeVar

import strawberry
from pydantic import BaseModel, ValidationError
from strawberry.pydantic.conversion import build_pydantic_model
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryContainer, StrawberryType, get_object_definition
from strawberry.utils.str_converters import to_camel_case

Model = TypeVar("Model", bound=BaseModel)


def graphql_input(*, description: str, one_of: bool = False) -> Callable[[type[Model]], type[Model]]:
    """Makes a model a GraphQL input whose optional fields are absent by default, not null."""

    def decorate(model: type[Model]) -> type[Model]:
        decorated = strawberry.pydantic.input(model, description=description, one_of=one_of)
        for field in get_object_definition(decorated, strict=True).fields:
            if field.default is None:
                field.default = MISSING
                field.default_value = MISSING
        get_object_definition(decorated, strict=True).from_input = _from_input
        return decorated

    return decorate


def _from_input(model: type[BaseModel], value: Mapping[str, Any], context: InputContext) -> BaseModel:
    """The model of a GraphQL value. Strawberry's own way looks every field of every value up again, which takes
    seconds for thousands of sites; it is still the one that tells what is wrong with a value.
    """
    try:
        return model.model_validate(_in_python_names(model, value))
    except ValidationError:
        return build_pydantic_model(model, value, context)


def _in_python_names(model: type[BaseModel], value: Mapping[str, Any]) -> dict[str, Any]:
    names = _field_names(model)
    renamed = {}
    for name, given in value.items():
        python_name, nested = names[name]
        if nested is not None and isinstance(given, Mapping):
            given = _in_python_names(nested, given)
        elif nested is not None and isinstance(given, list):
            given = [_in_python_names(nested, item) for item in given]
        renamed[python_name] = given
    return renamed


@cache
def _field_names(model: type[BaseModel]) -> dict[str, tuple[str, type[BaseModel] | None]]:
    """The fields by their GraphQL names, with the input that a field holds, alone or in a list."""
    return {
        to_camel_case(field.python_name): (field.python_name, _nested(field.resolve_type()))
        for field in get_object_definition(model, strict=True).fields
    }


def _nested(kind: StrawberryType | type) -> type[BaseModel] | None:
    while isinstance(kind, StrawberryContainer):  # optional, maybe, list
        kind = kind.of_type
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


class Input(BaseModel):
    """An input; its field names are those of REST."""
