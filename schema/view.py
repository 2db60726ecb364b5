"""GraphQL over HTTP and WebSocket: sends each request the way of the transport that it wants."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import nullcontext, suppress
from dataclasses import replace
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from yarl import URL

from answers import json_answer
from edge import EDGE, FAILURE_BODY, SERVICES, context_of
from errors import ChargeyardError, Forbidden
from resolvers.auth import Principal
from resolvers.context import Context
from schema.errors import Schema
from schema.serving.accept import GRAPHQL_RESPONSE, JSON, Accept
from schema.serving.answers import Responder, failure_body
from schema.serving.operations import Answer, Operations, RequestFailed
from schema.serving.requests import GraphQLRequest, IllFormed, Refused, read_requests
from schema.serving.streams import FRAMINGS, Answers, Streams, owner, seconds_left, send
from schema.serving.websocket import Connection
from settings import Settings

METHODS = ["GET", "HEAD", "POST"]
EXPLORER = "graphiql"  # where a browser goes that asks for nothing, relative to this endpoint
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no", "Vary": "Accept"}


class GraphQLView:
    """The endpoint of one schema."""

    def __init__(self, app: web.Application, schema: Schema, settings: Settings) -> None:
        self._app = app
        self._operations = Operations(schema, settings)
        self._streams = Streams(settings.max_streams)
        self._responder = Responder(is_draft=settings.http_profile == "draft")

    async def close(self, _app: web.Application) -> None:
        """Ends every stream, so that clients come back to a server that goes on."""
        self._streams.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The response to any request at the endpoint."""
        request[FAILURE_BODY] = failure_body
        accept = Accept.of(request.headers.get(hdrs.ACCEPT))
        try:
            if request.method == "POST" and accept.json and hdrs.UPGRADE not in request.headers:
                return await self._execute(request, accept)
            return await self._other(request, accept)
        except ChargeyardError as exc:
            return self._responder.refusal(request, accept, exc)

    async def _other(self, request: web.Request, accept: Accept) -> web.StreamResponse:
        """The response to whatever is not a plain POST."""
        if request.method == "OPTIONS":
            raise web.HTTPMethodNotAllowed(request.method, METHODS)  # answered by the edge, CORS preflights too
        if request.method not in METHODS:
            raise Refused(405, f"{request.method} is not allowed here.", headers={"Allow": ", ".join(METHODS)})
        if request.method == "GET" and request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self._connect(request)
        if request.method != "POST" and accept.html:
            raise web.HTTPFound(URL(EXPLORER).with_query(request.query), headers={"Vary": "Accept"})
        if not accept.json and not any(map(accept.quality, FRAMINGS)):
            raise Refused(406, f"Answers are {', '.join([GRAPHQL_RESPONSE, JSON, *FRAMINGS])}.")
        return await self._execute(request, accept)

    async def _execute(self, request: web.Request, accept: Accept) -> web.StreamResponse:
        wanted = await read_requests(request)
        context = await context_of(self._app, request)
        if isinstance(wanted, list):
            return await self._answer_batch(request, accept, wanted, context)
        try:
            prepared = self._operations.prepare(wanted, context)
        except RequestFailed as exc:
            if accept.json is None:
                return await self._stream(request, accept, _only(exc.answer), context)
            return self._responder.response(request, accept, exc.answer)
        if prepared.operation.is_mutation and request.method != "POST":
            raise Refused(405, "A mutation must be sent by POST.", headers={"Allow": "POST"})
        if prepared.operation.is_subscription or accept.json is None:
            return await self._stream(request, accept, self._operations.stream(prepared, context), context)
        return self._responder.response(request, accept, await self._operations.run(prepared, context))

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        _check_origin(request)
        return await Connection(request, self._operations, self._streams).serve()

    async def _answer_batch(
        self, request: web.Request, accept: Accept, batch: list[GraphQLRequest | Refused], context: Context
    ) -> web.StreamResponse:
        """Each answer of a batch in its place; they run one after the other."""
        if not accept.quality(JSON):
            raise Refused(406, f"A batch is answered as {JSON}.")
        answers = [await self._item(wanted, replace(context, loaders={})) for wanted in batch]
        response = json_answer(request, b"[" + b",".join(answer.body for answer in answers) + b"]")
        response.head += "Vary: Accept\r\n"
        for allowance in [answer.allowance for answer in answers if answer.allowance][-1:]:
            response.head += allowance.lines()
        return response

    async def _item(self, wanted: GraphQLRequest | Refused, context: Context) -> Answer:
        if isinstance(wanted, Refused):
            return RequestFailed.because(wanted).answer
        try:
            prepared = self._operations.prepare(wanted, context)
        except RequestFailed as exc:
            return exc.answer
        if prepared.operation.is_subscription:
            return RequestFailed.because(IllFormed("A subscription can't be part of a batch.")).answer
        return await self._operations.run(prepared, context)

    async def _stream(
        self, request: web.Request, accept: Accept, answers: Answers, context: Context
    ) -> web.StreamResponse:
        """The answers as they come, until the token expires or the server stops."""
        framing = next((each for name, each in FRAMINGS.items() if accept.quality(name)), None)
        if framing is None:
            raise Refused(406, f"A subscription is answered as {' or '.join(FRAMINGS)}, or over WebSocket.")
        caller = context.caller if isinstance(context.caller, Principal) else None
        with self._streams.admitted(owner(caller)) if caller else nullcontext():
            response = web.StreamResponse(headers={**STREAM_HEADERS, "Content-Type": framing.content_type})
            self._app[EDGE].complete(request, response)
            await response.prepare(request)
            if request.method == "HEAD":
                await answers.aclose()
                return response
            with suppress(TimeoutError):
                async with self._streams.until(seconds_left(caller) if caller else None):
                    await send(response, framing, answers)
            return response


async def _only(answer: Answer) -> AsyncGenerator[Answer, None]:
    yield answer


def _check_origin(request: web.Request) -> None:
    """Raises Forbidden to the pages of other sites: browsers let any page open a WebSocket."""
    origin = request.headers.get("Origin")
    settings = request.app[SERVICES].settings
    allowed = settings.allowed_origins
    if origin is None or origin in allowed or "*" in allowed:
        return
    if origin.partition("://")[2] not in {request.host, urlsplit(settings.base_url).netloc}:
        raise Forbidden("Pages of this origin may not connect.")
