"""From an HTTP request to the GraphQL requests in it, and what is wrong with those that are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import hdrs, web

from edge import sent_body
from errors import FieldError, InvalidInput

MAX_BATCH = 10
SMALL_BYTES = 64 * 1024  # of a body; the limit of its size is asked about larger ones
JSON = "application/json"
USUAL_TYPES = {JSON, f"{JSON}; charset=utf-8"}  # what clients send, and nothing to take apart
_USUAL_KEYS = {"query", "variables"}  # those of a plain client, read without a look at the others


class Refused(InvalidInput):
    """A request that is not a GraphQL-over-HTTP request, with the HTTP status that says so."""

    def __init__(self, status: int, message: str, *path: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message, [FieldError(path, message)] if path else ())
        self.status = status
        self.headers = headers or {}


class IllFormed(Refused):
    """JSON that is no GraphQL request: a parameter is missing or has the wrong type."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(400, message, *path)


@dataclass(slots=True)
class GraphQLRequest:
    """What a client asks for. Without a `query`, its extensions or `document_id` name a known document."""

    query: str | None
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)
    document_id: str | None = None


async def read_requests(request: web.Request) -> GraphQLRequest | list[GraphQLRequest | Refused]:
    """The GraphQL request of an HTTP request, or those of a batch, wrong ones in place.

    Raises Refused, and BodyRefused.
    """
    if request.method != "POST":
        return _from_query_string(request)
    if request.headers.get(hdrs.CONTENT_TYPE) not in USUAL_TYPES:
        _check_type(request)
    try:
        at_hand = _at_hand(request)
        body = orjson.loads(await sent_body(request) if at_hand is None else at_hand)
    except orjson.JSONDecodeError as exc:
        raise Refused(400, "The request body is not valid JSON.") from exc
    return _from_list(body) if isinstance(body, list) else from_json(body)


def from_json(body: Any) -> GraphQLRequest:
    """The GraphQL request that a JSON value stands for. Raises IllFormed."""
    if not isinstance(body, dict):
        raise IllFormed("A GraphQL request is a JSON object.")
    if body.keys() <= _USUAL_KEYS and type(body.get("query")) is str and type(body.get("variables")) is dict:
        return GraphQLRequest(body["query"], None, body["variables"])
    request = GraphQLRequest(
        _typed(body, "query", str, "a string"),
        _typed(body, "operationName", str, "a string") or None,
        _typed(body, "variables", dict, "an object") or {},
        _typed(body, "extensions", dict, "an object") or {},
        _typed(body, "documentId", str, "a string"),
    )
    if request.query is None and request.document_id is None and "persistedQuery" not in request.extensions:
        raise IllFormed("The query is missing.", "query")
    return request


def _from_list(bodies: list[Any]) -> list[GraphQLRequest | Refused]:
    if not 1 <= len(bodies) <= MAX_BATCH:
        raise IllFormed(f"A batch has from 1 to {MAX_BATCH} requests.")
    return [_item(body) for body in bodies]


def _item(body: Any) -> GraphQLRequest | Refused:
    try:
        return from_json(body)
    except IllFormed as exc:
        return exc


def _at_hand(request: web.Request) -> bytes | None:
    """A small body that has come with its head, as most do: to wait for it would take longer than to read it."""
    content = request.content
    return content.read_nowait() if content.is_eof() and content.total_bytes <= SMALL_BYTES else None


def _check_type(request: web.Request) -> None:
    if request.content_type != JSON or "Content-Type" not in request.headers:
        raise Refused(415, f"The request body must be {JSON}.", headers={"Accept-Post": JSON})
    if (request.charset or "utf-8").lower().replace("-", "") != "utf8":
        raise Refused(415, "The request body must be encoded in UTF-8.")


def _from_query_string(request: web.Request) -> GraphQLRequest:
    parameters: dict[str, Any] = dict(request.query)
    for name in ("variables", "extensions"):
        if text := parameters.pop(name, ""):
            try:
                parameters[name] = orjson.loads(text)
            except orjson.JSONDecodeError as exc:
                raise IllFormed(f"{name} must be JSON.", name) from exc
    return from_json(parameters)


def _typed(body: Mapping[str, Any], name: str, kind: type, shown: str) -> Any:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise IllFormed(f"{name} must be {shown}.", name)
    return value
