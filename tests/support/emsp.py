"""A fake eMSP on a real socket: the peer that registers with a network."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

TOKEN_B = "b_the-token-that-the-emsp-gives"


def sent(token: str, version: str) -> str:
    """A token as the Authorization header of a version carries it."""
    return f"Token {token if version == '2.1.1' else base64.b64encode(token.encode()).decode()}"


def credentials(url: str, version: str, token: str = TOKEN_B) -> dict[str, Any]:
    """The credentials object of the eMSP."""
    party = {"country_code": "NL", "party_id": "MSP", "business_details": {"name": "Fake eMSP"}}
    if version == "2.1.1":
        return {"token": token, "url": url, **party}
    return {"token": token, "url": url, "roles": [{"role": "EMSP", **party}]}


@dataclass
class Emsp:
    """A peer of one version. `answers` replaces what it answers at a path; `seen` holds what it was sent.

    `meanwhile` happens once, before its next answer.
    """

    version: str
    url: str
    answers: dict[str, web.Response] = field(default_factory=dict)
    seen: list[Mapping[str, str]] = field(default_factory=list)
    token: str = TOKEN_B
    meanwhile: Callable[[], Awaitable[None]] | None = None

    @property
    def versions_url(self) -> str:
        return f"{self.url}/versions"

    @property
    def credentials(self) -> dict[str, Any]:
        return credentials(self.versions_url, self.version, self.token)

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append({**request.headers, "path": request.path})
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            await meanwhile()
        if request.path in self.answers:
            return self.answers[request.path]
        if request.headers.get("Authorization") != sent(self.token, self.version):
            return web.json_response({"status_code": 2002}, status=401)
        return web.json_response({"data": self._data(request.path), "status_code": 1000})

    def _data(self, path: str) -> Any:
        if path == "/versions":
            return [{"version": version, "url": f"{self.url}/{version}"} for version in ("2.0", self.version)]
        return {
            "version": self.version,
            "endpoints": [{"identifier": "credentials", "role": "SENDER", "url": f"{self.url}/credentials"}],
        }


@asynccontextmanager
async def running_emsp(version: str) -> AsyncIterator[Emsp]:
    """A fake eMSP on a free port."""
    app = web.Application()
    runner = web.AppRunner(app)
    emsp = Emsp(version, "")
    app.router.add_route("*", "/{path:.*}", emsp.handle)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        emsp.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield emsp
    finally:
        await runner.cleanup()


@dataclass
class OcpiClient:
    """Calls a gateway's OCPI interface as a peer with one token."""

    http: aiohttp.ClientSession
    url: str
    version: str
    token: str

    async def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> tuple[int, dict[str, Any], Mapping[str, str]]:
        """Status, body and headers; `path` is absolute, or lies under the gateway's URL."""
        url = path if path.startswith("http") else self.url + path
        all_headers = {"Authorization": sent(self.token, self.version), **(headers or {})}
        async with self.http.request(method, url, headers=all_headers, **options) as response:
            return response.status, await response.json(), response.headers

    async def data(self, path: str) -> Any:
        """The data of a successful GET."""
        status, body, _ = await self.call("GET", path)
        assert (status, body["status_code"]) == (200, 1000), body
        return body["data"]
