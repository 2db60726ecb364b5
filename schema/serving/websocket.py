"""GraphQL over WebSocket: the subprotocol graphql-transport-ws, one connection at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, aclosing, suppress
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from edge import AUTHENTICATOR, EDGE, ORGANIZATION_HEADER, SERVICES, log_unexpected
from errors import Forbidden, RateLimited, Unauthenticated, Unavailable
from resolvers.auth import Principal
from resolvers.context import Context
from schema.serving.operations import Answer, Operations, RequestFailed, encode
from schema.serving.requests import GraphQLRequest, IllFormed, from_json
from schema.serving.streams import Streams, owner, seconds_left

SUBPROTOCOL = "graphql-transport-ws"
MAX_MESSAGE_BYTES = 256 * 1024
MAX_OPERATIONS = 100
MAX_ID_LENGTH = 256
MAX_REASON_BYTES = 120  # RFC 6455 §5.5 leaves 123
INIT_S = 10.0
PING_S = 25.0
CLOSE_S = 2.0  # how long a client may take to agree to the end

GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013


class Closed(Exception):
    """The connection has to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    """One client, from its first message to the close."""

    def __init__(self, request: web.Request, operations: Operations, streams: Streams) -> None:
        self._request = request
        self._operations = operations
        self._streams = streams
        self._socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), heartbeat=PING_S, max_msg_size=MAX_MESSAGE_BYTES, timeout=CLOSE_S, compress=False
        )
        self._principal: Principal | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._admission = ExitStack()

    async def serve(self) -> web.WebSocketResponse:
        """Talks to the client until one of both has had enough. Raises RateLimited before it has begun."""
        with self._admission:
            self._admission.enter_context(self._streams.admitted(self._request.remote or ""))
            self._request.app[EDGE].complete(self._request, self._socket)
            await self._socket.prepare(self._request)
            try:
                await self._talk()
            except Closed as exc:
                await self._close(exc)
            finally:
                await self._stop()
        return self._socket

    async def _talk(self) -> None:
        if self._socket.ws_protocol != SUBPROTOCOL:
            raise Closed(4406, "Subprotocol not acceptable")
        try:
            async with self._streams.until(INIT_S) as end:
                async for message in self._socket:
                    if message.type is not WSMsgType.TEXT:
                        raise Closed(4400, "Only text messages are expected")
                    await self._receive(_message(message.data), end)
        except TimeoutError:
            raise self._overdue() from None

    def _overdue(self) -> Closed:
        if self._streams.is_closing:
            return Closed(GOING_AWAY, "Going away")
        return Closed(4403, "Token expired") if self._principal else Closed(4408, "Connection initialisation timeout")

    async def _receive(self, message: dict[str, Any], end: asyncio.Timeout) -> None:
        match message.get("type"):
            case "connection_init":
                await self._initialise(message.get("payload"), end)
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                if task := self._running.pop(_id(message), None):
                    task.cancel()
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case _:
                raise Closed(4400, "Unknown message type")

    async def _initialise(self, payload: Any, end: asyncio.Timeout) -> None:
        if self._principal is not None:
            raise Closed(4429, "Too many initialisation requests")
        self._principal = await self._authenticated(payload)
        try:
            with self._admission.pop_all():  # behind a proxy all share one address, so it counts only until here
                self._admission.enter_context(self._streams.admitted(owner(self._principal)))
        except RateLimited as exc:
            raise Closed(TRY_AGAIN_LATER, "Too many connections") from exc
        end.reschedule(asyncio.get_running_loop().time() + seconds_left(self._principal))
        await self._send({"type": "connection_ack"})

    async def _authenticated(self, payload: Any) -> Principal:
        """The principal that the payload's token stands for, or that of the upgrade request."""
        if payload is not None and not isinstance(payload, dict):
            raise Closed(4400, "The payload must be an object")
        given = {**self._request.headers, **(payload or {})}
        headers = {name.lower(): value for name, value in given.items() if isinstance(value, str)}
        try:
            principal = await self._request.app[AUTHENTICATOR].principal(headers.get("authorization"))
            return principal.scoped(headers.get(ORGANIZATION_HEADER.lower()))
        except (Unauthenticated, Forbidden) as exc:
            raise Closed(4403, str(exc)) from exc
        except Unavailable as exc:
            raise Closed(TRY_AGAIN_LATER, str(exc)) from exc

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        id = _id(message)
        if self._principal is None:
            raise Closed(4401, "Unauthorized")
        if id in self._running:
            raise Closed(4409, f"Subscriber for {id} already exists")
        if len(self._running) >= MAX_OPERATIONS:
            error = RateLimited(f"A connection runs {MAX_OPERATIONS} operations at once.", retry_after_s=1)
            await self._send_answer(id, RequestFailed.because(error).answer)
            return
        request = _request(message.get("payload"))
        self._running[id] = asyncio.create_task(self._operate(id, request, self._principal))

    async def _operate(self, id: str, request: GraphQLRequest, principal: Principal) -> None:
        """One operation to its end; a connection that is gone ends it too."""
        context = Context(self._request.app[SERVICES], principal)
        try:
            with suppress(ConnectionError):
                await self._run(id, request, context)
        finally:
            if self._running.get(id) is asyncio.current_task():
                del self._running[id]

    async def _run(self, id: str, request: GraphQLRequest, context: Context) -> None:
        try:
            prepared = self._operations.prepare(request, context)
        except RequestFailed as exc:
            await self._send_answer(id, exc.answer)
            return
        async with aclosing(self._operations.stream(prepared, context)) as answers:
            async for answer in answers:
                await self._send_answer(id, answer)
                if answer.is_request_error:
                    return
        await self._send({"id": id, "type": "complete"})

    async def _send_answer(self, id: str, answer: Answer) -> None:
        kind = b"error" if answer.is_request_error else b"next"
        payload = encode([error.formatted for error in answer.errors]) if answer.is_request_error else answer.body
        frame = b'{"id":' + orjson.dumps(id) + b',"type":"' + kind + b'","payload":' + payload + b"}"
        await self._socket.send_frame(frame, WSMsgType.TEXT)

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_frame(orjson.dumps(message), WSMsgType.TEXT)

    async def _close(self, reason: Closed) -> None:
        text = reason.reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        await self._socket.close(code=reason.code, message=text.encode())

    async def _stop(self) -> None:
        """Ends what still runs."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, Exception):
                log_unexpected(result)


def _message(text: str) -> dict[str, Any]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise Closed(4400, "A message must be JSON") from exc
    if not isinstance(message, dict):
        raise Closed(4400, "A message must be an object")
    return message


def _id(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 1 <= len(id) <= MAX_ID_LENGTH:
        raise Closed(4400, f"An id must be a string of 1 to {MAX_ID_LENGTH} characters")
    return id


def _request(payload: Any) -> GraphQLRequest:
    try:
        return from_json(payload)
    except IllFormed as exc:
        raise Closed(4400, str(exc)) from exc
