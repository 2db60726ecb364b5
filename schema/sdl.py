"""The schema as a document, for code generators and editors."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler
from strawberry import Schema

from answers import revalidated


def serve_sdl(schema: Schema) -> Handler:
    """The handler that answers with the SDL."""
    text = schema.as_str().encode()

    async def handler(request: web.Request) -> web.Response:
        return revalidated(request, web.Response(body=text, content_type="text/plain", charset="utf-8"))

    return handler
