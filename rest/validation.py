"""Requests against their schemas: pydantic's findings in the shape of FastAPI, `{type, loc, msg, input, ctx}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, from_json, to_json

from errors import InvalidRequest

MAX_DETAILS = 1_000  # a bulk request of 10,000 sites could break a rule in each of them
MAX_INPUT_BYTES = 500  # enough to recognise the value; the client has the rest

Detail = dict[str, Any]


class Unprocessable(Exception):
    """The request breaks its declared schema; `details` are FastAPI's, at least one."""

    def __init__(self, details: list[Detail]) -> None:
        super().__init__(f"{len(details)} values break the schema")
        self.details = details[:MAX_DETAILS]


def findings(exc: ValidationError, *where: str) -> list[Detail]:
    """What pydantic found in the part of the request that `where` names: body, query, path or header."""
    return [_detail(error, where) for error in exc.errors(include_url=False)[:MAX_DETAILS]]


def located(exc: InvalidRequest, where: str) -> list[Detail]:
    """The findings of a resolver, whose paths begin at its input."""
    fields = exc.fields or ()
    found = [
        _detail({"type": field.type, "loc": field.path, "msg": field.message, "input": field.input}, (where,))
        for field in fields
    ]
    return found or [finding("value_error", str(exc), where)]


def finding(type_: str, message: str, *where: str) -> Detail:
    """One finding about a part of the request as a whole."""
    return {"type": type_, "loc": list(where), "msg": message, "input": None}


def _detail(error: ErrorDetails | dict[str, Any], where: Iterable[str]) -> Detail:
    loc = [part for part in error["loc"] if not _is_union_tag(part)]
    detail: Detail = {"type": error["type"], "loc": [*where, *loc], "msg": error["msg"]}
    if (shown := _bounded(error["input"])) is not None:
        detail["input"] = shown[0]
    if "ctx" in error:
        detail["ctx"] = {key: _plain(value) for key, value in error["ctx"].items()}
    return detail


def _is_union_tag(part: str | int) -> bool:
    """Whether a step of a path is no key of the client's but the branch of a union that pydantic took."""
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


def _bounded(value: Any) -> tuple[Any] | None:
    """The value as JSON can say it, cut where it is a long text; None where it is too large to repeat."""
    if isinstance(value, str):
        return (value[:MAX_INPUT_BYTES].encode("utf-8", "replace").decode(),)
    try:
        text = to_json(value, fallback=str, inf_nan_mode="strings")
    except PydanticSerializationError:
        return None
    return (from_json(text),) if len(text) <= MAX_INPUT_BYTES else None


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
