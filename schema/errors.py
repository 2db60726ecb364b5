"""From what a resolver raises to `errors[]`: the code of the family, the fields at fault, an id for the unexpected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.pydantic import InputValidationError
from strawberry.pydantic.error import ValidationErrorDetail
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionContext
from strawberry.types.graphql import OperationType
from strawberry.utils.str_converters import to_camel_case

from edge import log_unexpected
from errors import ChargeyardError, InvalidInput, RateLimited, Unavailable

UNEXPECTED = "An unexpected error occurred."
TOLD = 3  # values in the message of an input that is not valid; `extensions.fields` has all

# how graphql-core reports a variable: its name, the way to the value in it, what is wrong there
_VARIABLE_ERROR = re.compile(r"Variable '\$(\w+)' has invalid (?:default )?value(?: at (\S+))?: (.*)", re.DOTALL)
_FIELD_AT_FAULT = re.compile(r"(?:required|unknown) field '(\w+)'")


class Schema(strawberry.Schema):
    """A schema whose errors all carry `extensions.code`; only the unexpected ones are logged."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        # without a path, the document may not even hold an operation
        has_run = any(error.path for error in errors)
        kind = execution_context.operation_type if execution_context and has_run else None
        translate(errors, is_mutation=kind is OperationType.MUTATION)


def translate(errors: Iterable[GraphQLError], *, is_mutation: bool = False) -> None:
    """Gives every error its code, and a message fit for the client."""
    for error in errors:
        if "code" not in (error.extensions or {}):
            _translate(error)
            if is_mutation and len(error.path or ()) == 1:
                _lead_from_input(error)


def _translate(error: GraphQLError) -> None:
    """Gives the error its code, and a message fit for the client."""
    original = _root(error)
    if isinstance(original, ChargeyardError):
        error.extensions = extensions_of(original)
    elif isinstance(original, InputValidationError):
        error.message = _told(original.errors)
        found = [(_steps(detail.location), detail.message, detail.type) for detail in original.errors]
        error.extensions = _bad_input(*found)
    elif isinstance(original, GraphQLError | CannotGetOperationTypeError | InvalidOperationTypeError):
        error.extensions = _request_error(error, original)
    if "code" not in (error.extensions or {}):
        error.message = UNEXPECTED
        error.extensions = {"code": ChargeyardError.code, "errorId": log_unexpected(original)}


def _told(errors: Sequence[ValidationErrorDetail]) -> str:
    """What is wrong with an input, for clients that show no more than the message."""
    shown = [f"{'.'.join(each.location[1:]) or 'input'}: {each.message}" for each in errors[:TOLD]]
    more = [f"and {len(errors) - TOLD} more"] if len(errors) > TOLD else []
    return f"The input is not valid. {'; '.join([*shown, *more])}."


def extensions_of(error: ChargeyardError) -> dict[str, Any]:
    """What `extensions` tells of an expected error."""
    extensions: dict[str, Any] = {"code": error.code}
    if isinstance(error, InvalidInput):
        extensions |= _bad_input(*((field.path, field.message, field.type) for field in error.fields))
    if isinstance(error, RateLimited | Unavailable):
        extensions["retryAfter"] = error.retry_after_s
    return extensions


def _lead_from_input(error: GraphQLError) -> None:
    """Resolvers name fields as REST does, from the input on; GraphQL has them in camelCase behind `input`."""
    for field in (error.extensions or {}).get("fields", ()):
        if field["path"][:1] != ["input"]:
            field["path"] = [
                "input",
                *(to_camel_case(step) if isinstance(step, str) else step for step in field["path"]),
            ]


def _root(error: GraphQLError) -> Exception:
    """The exception at the bottom: graphql-core wraps what it locates."""
    while isinstance(error.original_error, GraphQLError):
        error = error.original_error
    return error.original_error or error


def _request_error(error: GraphQLError, original: Exception) -> dict[str, Any]:
    """The code of an error in the document or its variables; none where the fault is our own."""
    variable = _VARIABLE_ERROR.fullmatch(error.message)
    if isinstance(original, GraphQLSyntaxError):
        return {"code": "GRAPHQL_PARSE_FAILED"}
    if error.path is None and variable is not None:
        name, way, message = variable.groups()
        place = [*re.findall(r"\w+", way or ""), *_FIELD_AT_FAULT.findall(message)]
        return _bad_input(([name, *_steps(place)], message, "type_error"))
    if isinstance(original, StrawberryInputCoercionError):
        return _bad_input()
    if error.path is None:
        return {"code": "GRAPHQL_VALIDATION_FAILED"}
    # an argument has its place in the document; an answer that can't be written has none
    return _bad_input() if isinstance(original, GraphQLError) and original.nodes else {}


def _bad_input(*fields: tuple[Sequence[str | int], str, str]) -> dict[str, Any]:
    shown = [{"path": list(path), "message": message, "type": kind} for path, message, kind in fields]
    return {"code": InvalidInput.code, "fields": shown}


def _steps(location: Sequence[str]) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in location]
