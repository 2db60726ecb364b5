"""The pages for people: the landing page, GraphiQL and the REST documentation, all without the internet."""

from __future__ import annotations

from aiohttp import web

from pages.assets import serve_asset
from pages.html import explorer, landing, serve_static


def add_routes(app: web.Application) -> None:
    """Adds the pages and the files that they load."""
    app.router.add_get("/", landing)
    app.router.add_get("/graphiql", explorer("graphiql.html"))
    app.router.add_get("/docs", explorer("docs.html"))
    app.router.add_get("/assets/{place:.+}", serve_asset)
    app.router.add_get("/static/{name}", serve_static)
