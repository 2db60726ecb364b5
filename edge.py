"""The HTTP edge that GraphQL, REST and OCPI share: from a request to its context, from an error to its status."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import istr
from pydantic_core import to_json

from answers import JsonAnswer, add_lines, error_answer, json_answer, line, lines
from errors import ChargeyardError, Forbidden, RateLimited, Unauthenticated, Unavailable
from resolvers.auth import Authenticator, Principal
from resolvers.context import Context, Services
from settings import Settings

log = logging.getLogger("chargeyard.edge")

SERVICES = web.AppKey("services", Services)
AUTHENTICATOR = web.AppKey("authenticator", Authenticator)
# makes the body of a 500 from the error's id, where it is not ours
FAILURE_BODY: web.RequestKey[Callable[[str], bytes]] = web.RequestKey("failure_body")

ORGANIZATION_HEADER = "X-Organization-Id"
# RFC 6648 advises the first, most clients have the second; an istr is not put into lower case at each look-up
REQUEST_ID, X_REQUEST_ID = istr("Request-Id"), istr("X-Request-Id")
CORS_HEADERS = ", ".join(
    ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", ORGANIZATION_HEADER, REQUEST_ID, X_REQUEST_ID]
)
CORS_EXPOSED = ", ".join(
    ["ETag", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", REQUEST_ID, X_REQUEST_ID]
)
PREFLIGHT_MAX_AGE_S = 600

BODY_TIMEOUT_S = 120  # the largest body at two megabits a second


class BodyRefused(ChargeyardError):
    """The body of the request can't be taken."""

    code = "BAD_USER_INPUT"
    http_status = 400
    ocpi_status = 2001


class BodyTooLarge(BodyRefused):
    """It is larger than any that is meant to come."""

    http_status = 413


class BodyLate(BodyRefused):
    """It did not arrive in time."""

    http_status = 408


async def sent_body(request: web.Request) -> bytes:
    """The body of a request. Raises BodyRefused."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await request.read()
    except TimeoutError as exc:
        raise BodyLate("The request body did not arrive in time.") from exc
    except web.HTTPRequestEntityTooLarge as exc:
        raise BodyTooLarge("The request body is too large.") from exc
    except web.RequestPayloadError as exc:
        raise BodyRefused("The request body did not arrive in full or could not be decoded.") from exc


async def context_of(app: web.Application, request: web.Request) -> Context:
    """The context of one operation of this request; a refused token is kept and raised where it is needed."""
    caller: Principal | Unauthenticated | Forbidden | Unavailable
    try:
        principal = await app[AUTHENTICATOR].principal(request.headers.get(hdrs.AUTHORIZATION))
        caller = principal.scoped(request.headers.get(ORGANIZATION_HEADER))
    except (Unauthenticated, Forbidden, Unavailable) as exc:
        caller = exc
    return Context(app[SERVICES], caller)


def retry_headers(error: ChargeyardError) -> dict[str, str]:
    """`Retry-After` for the errors that are worth another try."""
    return {"Retry-After": str(error.retry_after_s)} if isinstance(error, RateLimited | Unavailable) else {}


def log_unexpected(exc: BaseException) -> str:
    """Logs what nobody expected, once, with its traceback; gives the id that the client is told."""
    error_id = uuid4().hex[:12]
    log.error("unexpected error %s", error_id, exc_info=exc)
    return error_id


class Edge:
    """What all answers of one application pass on their way out."""

    def __init__(self, settings: Settings) -> None:
        self._origins = settings.allowed_origins
        self._name = uuid4().hex[:16]  # a random id for each request would cost as much as a small read
        self._numbers = count(1)

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turns what a handler raises into an answer, and completes every answer that is not on its way already."""
        try:
            response = await handler(request)
        except web.HTTPRedirection as exc:
            self.complete(request, exc)
            raise
        except Exception as exc:
            if request.writer.output_size:
                raise  # aiohttp logs it and closes the connection: another answer would stand within this one
            response = _answer_of(request, exc)
        if not response.prepared:
            self.complete(request, response)
        return response

    def complete(self, request: web.Request, response: web.StreamResponse) -> None:
        """Puts on a response its request's id and, for the origins of the settings, the CORS headers.

        Whoever prepares a response himself, a stream or a WebSocket, has to call it before.
        """
        id = self._request_id(request)
        add_lines(response, f"Request-Id: {id}\r\nX-Request-Id: {id}\r\n")
        if response.status >= 400 and not request.content.is_eof():
            response.force_close()  # what still comes of the body nobody reads
        if self._origins:
            add_lines(response, self._cors(request.headers.get("Origin")))

    def _cors(self, origin: str | None) -> str:
        """The header fields that let the page of an origin read the answer."""
        vary = "Vary: Origin\r\n"
        if origin is None or not (origin in self._origins or "*" in self._origins):
            return vary
        return vary + lines({"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": CORS_EXPOSED})

    def _request_id(self, request: web.Request) -> str:
        """The id that the client gave this request, where it is a plain one, or a new one."""
        given = request.headers.get(REQUEST_ID) or request.headers.get(X_REQUEST_ID)
        if given is not None and re.fullmatch(r"[\w.:/+=-]{1,128}", given, re.ASCII):
            return given
        return f"{self._name}{next(self._numbers):016x}"


EDGE = web.AppKey("edge", Edge)
# the handlers of POST to paths that need nothing of aiohttp's router, which takes as long as a third of a small read
DIRECT: web.AppKey[Mapping[str, Handler]] = web.AppKey("direct")


class Runner(web.AppRunner):
    """Runs an application, with the way past its router for what is direct. Without it all is the same, but slower.

    A direct handler gets a request that knows no route and no application.
    """

    async def setup(self) -> None:
        await super().setup()
        server: Any = self.server  # it says it gets any request: an application's are all of its class
        server.request_handler = _in_front(self.app, server.request_handler)


def _in_front(app: web.Application, routed: Handler) -> Handler:
    answer, direct = app[EDGE].answer, app[DIRECT]

    async def handle(request: web.Request) -> web.StreamResponse:
        handler = direct.get(request.raw_path) if request.method == "POST" else None
        if handler is None or hdrs.EXPECT in request.headers:
            return await routed(request)
        return await answer(request, handler)

    return handle


def _answer_of(request: web.Request, exc: Exception) -> web.Response:
    """The answer to what a handler raised; the last place where an unexpected error can be caught."""
    match exc:
        case ChargeyardError():
            response = error_answer(request, exc.http_status, str(exc))
            response.head += lines(retry_headers(exc))
            if isinstance(exc, Unauthenticated):
                response.head += "WWW-Authenticate: Bearer\r\n"
            return response
        case web.HTTPMethodNotAllowed():
            return _other_method(request, sorted({*exc.allowed_methods, "OPTIONS"}))
        case web.HTTPException():
            return error_answer(request, exc.status, _HTTP_DETAILS.get(exc.status, exc.reason))
    return json_answer(request, request.get(FAILURE_BODY, _failure_body)(log_unexpected(exc)), 500)


def _failure_body(error_id: str) -> bytes:
    return to_json({"detail": "Something went wrong on our side.", "error_id": error_id})


_HTTP_DETAILS = {404: "There is nothing at this path."}


def _other_method(request: web.Request, allowed: list[str]) -> web.Response:
    """The answer to OPTIONS, CORS preflights included, and 405 to other methods that a path does not have."""
    response: JsonAnswer | web.Response
    if request.method != "OPTIONS":
        response = error_answer(request, 405, f"{request.method} is not allowed here.")
    else:
        response = web.Response(status=204)
        if "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = ", ".join(allowed)
            response.headers["Access-Control-Allow-Headers"] = CORS_HEADERS
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    add_lines(response, line("Allow", ", ".join(allowed)))
    return response
