"""The shape of every OCPI answer, and the way of every request: token, version, method, handler."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from answers import json_answer, line, lines
from edge import FAILURE_BODY, SERVICES, retry_headers
from errors import ChargeyardError, Conflict, InvalidInput, NotFound, Unauthenticated
from ocpi.errors import MethodNotAllowed, UnsupportedVersion
from ocpi.objects import Version, now
from resolvers.context import Context
from resolvers.credentials import Peer, authenticate, context_of

SUCCESS = 1000
CORRELATION_HEADER = "X-Correlation-ID"
MAX_TOKEN_LENGTH = 512

HttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Call:
    """One authenticated request of a peer."""

    request: web.Request
    peer: Peer
    ctx: Context

    @property
    def version(self) -> Version:
        """The version that the network speaks."""
        return Version(self.peer.cpo.ocpi_version)

    def url(self, path: str) -> str:
        """An absolute URL under this network's version."""
        return f"{self.ctx.services.settings.base_url}/ocpi/{self.version}{path}"

    def answer(self, data: Any = None, headers: Mapping[str, str] | None = None) -> web.Response:
        """A successful answer."""
        return _enveloped(self.request, 200, SUCCESS, "Success", {} if data is None else {"data": data}, headers)


Method = Callable[[Call], Awaitable[web.Response]]


def resource(methods: Mapping[str, Method], *, registration: bool = False, versioned: bool = True) -> HttpHandler:
    """A handler for all methods of one path. Token A opens only what belongs to `registration`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        request[FAILURE_BODY] = _failure_body
        try:
            call = await _call(request)
            if not (registration or call.peer.is_registered):
                raise Unauthenticated("The registration token opens only versions and credentials.")
            if versioned and request.match_info["version"] != call.version:
                raise UnsupportedVersion(f"This network speaks OCPI {call.version}.")
            return await _method(methods, request.method)(call)
        except ChargeyardError as exc:
            return _refused(request, exc)

    return handle


async def no_such_module(call: Call) -> web.Response:
    """The answer of every path that this side of OCPI does not have."""
    raise NotFound("There is no such module or object.")


async def _call(request: web.Request) -> Call:
    services = request.app[SERVICES]
    peer = await authenticate(services, _tokens(request.headers.get("Authorization", "")))
    return Call(request, peer, context_of(services, peer))


def _tokens(authorization: str) -> list[str]:
    """What the header may mean: 2.2.1 sends the token in Base64, 2.1.1 as it is, and some peers mix them up."""
    scheme, _, sent = authorization.partition(" ")
    sent = sent.strip()
    if scheme.lower() != "token" or not sent.isascii() or not sent.isprintable() or len(sent) > MAX_TOKEN_LENGTH:
        raise Unauthenticated("The Authorization header must read: Token <credentials token>.")
    try:
        decoded = base64.b64decode(sent + "=" * (-len(sent) % 4), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return [sent]
    return [sent, decoded] if decoded.isprintable() else [sent]


def _method(methods: Mapping[str, Method], name: str) -> Method:
    if name not in methods:
        raise MethodNotAllowed(f"{name} is not a method of this resource.", allowed=methods)
    return methods[name]


def _refused(request: web.Request, exc: ChargeyardError) -> web.Response:
    # a mistake in what was sent has reached the OCPI layer, and there HTTP has no say (OCPI 2.2.1 §5)
    status = 200 if isinstance(exc, InvalidInput | Conflict) else exc.http_status
    headers = retry_headers(exc)
    if isinstance(exc, MethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(exc.allowed))
    if isinstance(exc, Unauthenticated):
        headers["WWW-Authenticate"] = "Token"
    return _enveloped(request, status, exc.ocpi_status, str(exc), {}, headers)


def _enveloped(
    request: web.Request,
    status: int,
    code: int,
    message: str,
    data: dict[str, Any],
    headers: Mapping[str, str] | None,
) -> web.Response:
    response = json_answer(request, _envelope(code, message, data), status)
    response.head += lines(headers or {})
    if CORRELATION_HEADER in request.headers:
        response.head += line(CORRELATION_HEADER, request.headers[CORRELATION_HEADER])
    return response


def _failure_body(error_id: str) -> bytes:
    return _envelope(ChargeyardError.ocpi_status, f"Something went wrong on our side (error {error_id}).", {})


def _envelope(code: int, message: str, data: Mapping[str, Any]) -> bytes:
    return orjson.dumps({**data, "status_code": code, "status_message": message, "timestamp": now()})
