"""The REST API: a routing table, the wire format of its answers, its OpenAPI document; no rule of its own."""

from __future__ import annotations

from aiohttp import web
from pydantic_core import to_json

from answers import json_answer, revalidated
from rest.endpoint import endpoint
from rest.openapi import document
from rest.routes import ROUTES


def add_routes(app: web.Application) -> None:
    """Adds every route of the table, and the document that describes them."""
    for route in ROUTES:
        handler = endpoint(route)
        for path in route.paths:
            app.router.add_route(route.method, path, handler)
            if route.method == "GET":
                app.router.add_head(path, handler)
    openapi = to_json(document(ROUTES))

    async def serve_openapi(request: web.Request) -> web.Response:
        return revalidated(request, json_answer(request, openapi))

    app.router.add_get("/openapi.json", serve_openapi)
