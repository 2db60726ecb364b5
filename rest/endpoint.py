"""From a route to what aiohttp calls: reads the request by the route's schemas, calls the handler, answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, get_origin

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from answers import error_answer, json_answer, revalidated
from edge import context_of, sent_body
from errors import InvalidRequest
from resolvers.context import Context
from rest.reads import body_of
from rest.responses import json_of
from rest.route import Access, Route
from rest.validation import Detail, Unprocessable, finding, findings, located

IDEMPOTENCY_HEADER = "Idempotency-Key"
LARGE_BODY_BYTES = 256 * 1024  # takes long enough to read to hold up everybody else on the loop


def endpoint(route: Route) -> Handler:
    """The aiohttp handler of a route."""

    async def handle(request: web.Request) -> web.Response:
        ctx = await context_of(request.app, request)
        _check_access(route, ctx)
        try:
            return _answer(route, request, await _body_of(route, ctx, await _arguments(route, request)))
        except Unprocessable as exc:
            return error_answer(request, 422, exc.details)
        except InvalidRequest as exc:
            return error_answer(request, 422, located(exc, "query" if route.body is None else "body"))

    return handle


def _check_access(route: Route, ctx: Context) -> None:
    """Raises what is wrong with the token before anything is said about the request."""
    if route.access is Access.TENANT:
        ctx.tenant  # noqa: B018 - raises where there is none
    elif route.access is Access.TOKEN:
        ctx.principal  # noqa: B018 - raises where there is none


async def _arguments(route: Route, request: web.Request) -> dict[str, Any]:
    """The keyword arguments of the handler. Raises Unprocessable with the findings of all parts of the request."""
    found: list[Detail] = []
    arguments: dict[str, Any] = {}
    if route.path_model is not None:
        path = _model(route.path_model, request.match_info, "path", found)
        arguments |= dict(path or ())
    if route.query_model is not None:
        arguments["query"] = _model(route.query_model, _query(route.query_model, request), "query", found)
    if route.idempotency_key is not None:
        arguments["idempotency_key"] = _header(route.idempotency_key, request, found)
    if route.body is not None:
        arguments["body"] = await _body(route, request, found)
    if found:
        raise Unprocessable(found)
    return arguments


def _model(model: type[BaseModel], values: Mapping[str, Any], where: str, found: list[Detail]) -> BaseModel | None:
    try:
        return model.model_validate(dict(values))
    except ValidationError as exc:
        found += findings(exc, where)
        return None


def _query(model: type[BaseModel], request: web.Request) -> dict[str, Any]:
    """Each parameter of the model that was sent: all values of a list, else the last."""
    query = request.query
    return {
        name: query.getall(name) if _is_list(field.annotation) else query.getall(name)[-1]
        for name, field in model.model_fields.items()
        if name in query
    }


def _is_list(annotation: Any) -> bool:
    return any(get_origin(each) is list for each in (annotation, *getattr(annotation, "__args__", ())))


def _header(adapter: TypeAdapter[Any], request: web.Request, found: list[Detail]) -> Any:
    try:
        return adapter.validate_python(request.headers.get(IDEMPOTENCY_HEADER))
    except ValidationError as exc:
        found += findings(exc, "header", IDEMPOTENCY_HEADER)
        return None


async def _body(route: Route, request: web.Request, found: list[Detail]) -> Any:
    data = await sent_body(request)
    if not data.strip():
        if route.needs_body:
            found.append(finding("missing", "Field required", "body"))
        return None
    if "Content-Type" in request.headers and not _is_json(request.content_type):
        found.append(finding("content_type", "The body must be JSON, sent as application/json", "body"))
        return None
    if len(data) > LARGE_BODY_BYTES:
        return await asyncio.to_thread(_json, route.body, data, found)
    return _json(route.body, data, found)


def _json(adapter: TypeAdapter[Any] | None, data: bytes, found: list[Detail]) -> Any:
    """The body by its schema; strictly typed, because JSON says what is a number and what is a text."""
    assert adapter is not None
    try:
        from_json(data, allow_inf_nan=False)  # validation itself would let NaN pass
        return adapter.validate_json(data, strict=True)
    except ValidationError as exc:
        found += findings(exc, "body")
    except ValueError as exc:
        found.append(finding("json_invalid", f"Invalid JSON: {exc}", "body"))
    return None


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")


async def _body_of(route: Route, ctx: Context, arguments: Mapping[str, Any]) -> bytes | None:
    """The body of the answer, None for an answer without."""
    if route.read is not None and ctx.services.settings.planner:
        body = await body_of(ctx, route.read, arguments)
        if body is not None:
            return body
    result = await route.handler(ctx, **arguments)
    return None if route.response is None else await asyncio.to_thread(json_of, result)


def _answer(route: Route, request: web.Request, body: bytes | None) -> web.Response:
    if body is None:
        return web.Response(status=route.status)
    response = json_answer(request, body, route.status)
    return revalidated(request, response) if request.method in {"GET", "HEAD"} else response
