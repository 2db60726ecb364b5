"""The HTML pages and our own files beside them, with the headers that keep them harmless."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Coroutine, Mapping
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from answers import revalidated
from edge import SERVICES
from pages.assets import PACKAGES, are_complete

FOLDER = Path(__file__).parent / "static"
CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
STATIC = {file.name: file.read_bytes() for file in FOLDER.iterdir() if file.suffix in CONTENT_TYPES}
PAGES = {file.name: Template(file.read_text()) for file in FOLDER.glob("*.html")}
VERSION: str = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]["version"]

# everything from this server and nothing inline; images and fonts in the packages' style sheets are data: URLs
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Page = Callable[[web.Request], Coroutine[None, None, web.Response]]


async def landing(request: web.Request) -> web.Response:
    """What this server is and where its interfaces are."""
    settings = request.app[SERVICES].settings
    token = PAGES["token-foreign.html" if settings.jwks_url else "token-own.html"].substitute()
    values = {"version": escape(VERSION), "base_url": escape(settings.base_url), "token": token}
    return revalidated(request, _page("landing.html", values))


def explorer(name: str) -> Page:
    """The handler of a page that needs third-party files; without them it says how to get them."""
    folders = {each.key: f"assets/{each.folder}" for each in PACKAGES}
    specs = " ".join(each.spec for each in PACKAGES)

    async def handler(request: web.Request) -> web.Response:
        if not are_complete(request.app[SERVICES].settings.assets_dir):
            return _page("missing.html", {"specs": specs}, status=503)
        return revalidated(request, _page(name, folders))

    return handler


async def serve_static(request: web.Request) -> web.Response:
    """One of our own files."""
    name = request.match_info["name"]
    if name not in STATIC:
        raise web.HTTPNotFound
    response = web.Response(body=STATIC[name], content_type=CONTENT_TYPES[Path(name).suffix], charset="utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return revalidated(request, response)


def _page(name: str, values: Mapping[str, str], status: int = 200) -> web.Response:
    body = PAGES[name].substitute(values).encode()
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)
