"""The GraphQL endpoint by itself, with the edge in front of it and a database behind, for tests of the transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

import schema
from edge import AUTHENTICATOR, EDGE, SERVICES, Edge, Runner
from fleet.local import LocalFleet
from jobs.engine import JobEngine
from resolvers.auth import Authenticator, Role, SecretKeys, make_token
from resolvers.context import Services
from settings import Settings
from storage.database import Database
from storage.migrate import migrate
from tests.support.gateway import SECRET

MAX_BODY_BYTES = 2**20


@dataclass
class Reply:
    """What came back, read to its end."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The code of each error."""
        return [error["extensions"]["code"] for error in self.json["errors"]]


@dataclass
class Endpoint:
    """A GraphQL endpoint on a real socket, and a client of it."""

    url: str
    http: aiohttp.ClientSession
    runner: web.AppRunner

    async def send(self, method: str = "POST", body: Any = None, *, query: str = "", **headers: str) -> Reply:
        """Sends a body, as JSON unless it is bytes already; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = orjson.dumps(body)
        if body is not None and "Content-Type" not in named:
            named["Content-Type"] = "application/json"
        async with self.http.request(
            method,
            self.url + query,
            data=body,
            headers=named,
            skip_auto_headers=["Content-Type"],
            allow_redirects=False,
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    async def ask(self, document: str, *, token: str = "", **parameters: Any) -> Reply:
        """One operation, as a client of today sends it."""
        headers = {"Accept": "application/graphql-response+json", **bearer(token or self.token())}
        return await self.send("POST", {"query": document, **parameters}, **headers)

    def token(self, organization_id: str | None = None, *, lifetime_s: int = 3600) -> str:
        """A user's token, of a new organization where none is given."""
        return make_token(
            SECRET,
            subject="tester",
            role=Role.USER,
            organization_id=organization_id or str(uuid4()),
            lifetime_s=lifetime_s,
        )


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def sent(endpoint: Endpoint, requests: bytes) -> bytes:
    """All that the server sends until it closes the connection."""
    reader, writer = await asyncio.open_connection(URL(endpoint.url).host, URL(endpoint.url).port)
    writer.write(requests)
    answer = await asyncio.wait_for(reader.read(), 15)
    writer.close()
    return answer


@asynccontextmanager
async def running_endpoint(folder: Path, **options: Any) -> AsyncIterator[Endpoint]:
    """The endpoint on SQLite, with these settings; neither jobs nor chargers run."""
    settings = Settings(data_dir=folder, jwt_secret=SECRET, **options)
    database = Database(settings.resolved_database_url)
    migrate(database)
    edge = Edge(settings)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[edge.answer])
    app[EDGE] = edge
    app[AUTHENTICATOR] = Authenticator(SecretKeys(SECRET))
    fleet = LocalFleet(database, settings)  # not started: subscriptions wait for what it never writes
    app[SERVICES] = Services(settings, database, JobEngine(settings, database, fleet), fleet)
    schema.add_routes(app, settings)
    runner = Runner(app, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as http:
            yield Endpoint(f"http://127.0.0.1:{runner.addresses[0][1]}/graphql", http, runner)
    finally:
        await runner.cleanup()
        await database.close()
