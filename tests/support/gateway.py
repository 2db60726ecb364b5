"""A running gateway, and a tenant that talks to it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from app import create_app
from edge import SERVICES, Runner
from jobs.engine import JobEngine
from resolvers.auth import Role, make_token
from resolvers.context import Services
from settings import Settings

NO_CSMS = "ws://127.0.0.1:9/ocpp"  # nobody listens there, whatever else runs on the machine
CHARGER_SPEED = 20.0
SECRET = "a-test-secret-of-more-than-thirty-two-bytes"


@dataclass
class Gateway:
    """A gateway on a real socket. `url` has no trailing slash."""

    url: str
    services: Services
    http: aiohttp.ClientSession

    def tenant(self, organization_id: str | None = None, role: Role = Role.USER) -> Tenant:
        """A client of its own organization, so that tests of one gateway never see each other's rows."""
        return Tenant(self, organization_id or str(uuid4()), role)


@dataclass
class Tenant:
    """One organization's client; `headers` carry its token."""

    gateway: Gateway
    organization_id: str
    role: Role = Role.USER
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token()}"}
        if self.role is Role.ADMIN:
            self.headers["X-Organization-Id"] = self.organization_id

    def token(self, lifetime_s: int = 3600) -> str:
        organization_id = self.organization_id if self.role is Role.USER else None
        return make_token(
            SECRET, subject="tester", role=self.role, organization_id=organization_id, lifetime_s=lifetime_s
        )

    async def graphql(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole response document of one GraphQL operation."""
        body = {"query": document, "variables": variables}
        async with self.gateway.http.post(f"{self.gateway.url}/graphql", json=body, headers=self.headers) as response:
            result: dict[str, Any] = await response.json(content_type=None)
            return result

    async def data(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that has no errors."""
        result = await self.graphql(document, **variables)
        assert "errors" not in result, result["errors"]
        data: dict[str, Any] = result["data"]
        return data

    async def rest(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """The status and the JSON body (None where it is empty) of one REST call."""
        headers = {**self.headers, **options.pop("headers", {})}
        async with self.gateway.http.request(method, self.gateway.url + path, headers=headers, **options) as response:
            is_json = response.content_type == "application/json" and await response.read()
            return response.status, await response.json() if is_json else None


@asynccontextmanager
async def running_gateway(database_url: str, data_dir: Path, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway of this process, on a free port, with an empty or existing database."""
    async with _other_jobs_paused(), _gateway(database_url, data_dir, **settings) as gateway:
        yield gateway


@asynccontextmanager
async def _gateway(database_url: str, data_dir: Path, **settings: Any) -> AsyncIterator[Gateway]:
    listening = socket.create_server(("127.0.0.1", 0))  # before the settings, whose port the answered URLs name
    port = listening.getsockname()[1]
    given = {"jwt_secret": SECRET, "csms_url": NO_CSMS, "charger_speed": CHARGER_SPEED, **settings}
    app = create_app(Settings(database_url=database_url, data_dir=data_dir, port=port, **given))
    runner = Runner(app, handler_cancellation=True)
    await runner.setup()
    jobs = app[SERVICES].jobs
    assert isinstance(jobs, JobEngine)
    _standing.append(jobs)
    try:
        await web.SockSite(runner, listening).start()
        async with aiohttp.ClientSession() as http:
            yield Gateway(f"http://127.0.0.1:{port}", app[SERVICES], http)
    finally:
        _standing.remove(jobs)
        await runner.cleanup()


_standing: list[JobEngine] = []  # of the gateways in this process, the newest last


@asynccontextmanager
async def _other_jobs_paused() -> AsyncIterator[None]:
    """The durable engine is one per process: the jobs of a gateway that stands pause while a test has another one."""
    paused = _standing[-1:]
    for jobs in paused:
        await jobs.stop()
    try:
        yield
    finally:
        for jobs in paused:
            await jobs.start()
