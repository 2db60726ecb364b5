"""What tests of jobs begin with: networks to work on, sites to make, watchers, and counts of every table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from aiohttp import ClientWebSocketResponse
from sqlalchemy import func, select, text

from storage.models import (
    ChargePoint,
    ChargePointConnector,
    Charger,
    Evse,
    JobEvent,
    JobItem,
    Location,
    OcpiConnector,
    OcpiLocation,
    Topology,
)
from storage.session import ALL_TENANTS
from tests.support.gateway import Tenant
from tests.support.rest import CSMS_URL, SITE

DEADLINE_S = 60.0
TABLES = (
    Location, OcpiLocation, Charger, ChargePoint, ChargePointConnector, Evse, OcpiConnector, Topology, JobItem,
    JobEvent,
)  # fmt: skip

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
BULK = """
mutation ($input: BulkCreateOcpiLocationsInput!) {
  bulkCreateOcpiLocations(input: $input) { job { id status progress { total } } }
}
"""
JOB = """
query ($id: ID!) {
  job(id: $id) {
    id type status progress { total succeeded failed percent currentStep } error { code retryable }
    items(first: 100) { nodes { index name status attempts error { code message step param retryable } } }
  }
}
"""
WATCH = """
subscription ($id: ID!, $after: Int) {
  jobProgress(jobId: $id, after: $after) {
    sequence job { status progress { succeeded failed } } item { index status attempts }
  }
}
"""


def site(name: str, *, chargers: int = 0, prefix: str = "", **changes: Any) -> dict[str, Any]:
    """One site of a bulk request over GraphQL, with dual-connector chargers."""
    template = {
        "brandSlug": "abb", "modelSlug": "terra-184", "connectorType": "CCS2", "ocppVersion": "OCPP_1_6",
        "wsUrl": CSMS_URL, "identityPrefix": prefix or f"{uuid4().hex[:8]}-",
    }  # fmt: skip
    template.update(changes.pop("template", {}))
    charges = [{"template": template, "chargerIds": [f"{number:02}" for number in range(1, chargers + 1)]}]
    return {"location": {**SITE, "name": name, "charges": charges if chargers else None, **changes}}


def sites(count: int, **options: Any) -> list[dict[str, Any]]:
    return [site(f"Site {number}", **options) for number in range(count)]


async def start_bulk(tenant: Tenant, cpo_id: Any, locations: list[dict[str, Any]], **input: Any) -> str:
    """The id of an accepted job."""
    data = await tenant.data(BULK, input={"cpoId": str(cpo_id), "locations": locations, **input})
    job_id: str = data["bulkCreateOcpiLocations"]["job"]["id"]
    return job_id


async def over(tenant: Tenant, job_id: str, deadline_s: float = DEADLINE_S) -> dict[str, Any]:
    """The job once it is over."""
    deadline = time.monotonic() + deadline_s
    while True:
        job: dict[str, Any] = (await tenant.data(JOB, id=job_id))["job"]
        if job["status"] in {"READY", "FAILED"}:
            return job
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.05)


async def watch(tenant: Tenant, job_id: str, after: int | None = None) -> AsyncIterator[dict[str, Any]]:
    """The events of a `jobProgress` subscription, until it completes."""
    async with subscribed(tenant, job_id, after) as socket:
        async for event in events_of(socket):
            yield event


@asynccontextmanager
async def subscribed(
    tenant: Tenant, job_id: str, after: int | None = None, *, document: str = WATCH
) -> AsyncIterator[ClientWebSocketResponse]:
    """A socket on which the events of a job arrive."""
    gateway = tenant.gateway
    async with gateway.http.ws_connect(f"{gateway.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json(
            {"type": "connection_init", "payload": {"authorization": tenant.headers["Authorization"]}}
        )
        assert (await socket.receive_json())["type"] == "connection_ack"
        payload = {"query": document, "variables": {"id": job_id, "after": after}}
        await socket.send_json({"type": "subscribe", "id": "1", "payload": payload})
        yield socket


async def events_of(socket: ClientWebSocketResponse) -> AsyncIterator[dict[str, Any]]:
    while (message := await socket.receive_json(timeout=DEADLINE_S))["type"] != "complete":
        if message["type"] == "next":
            assert "errors" not in message["payload"], message
            yield message["payload"]["data"]["jobProgress"]
        else:
            assert message["type"] == "ping", message


async def somebody_waits(tenant: Tenant) -> None:
    """Returns when a transaction of the gateway's database, which is PostgreSQL, waits for another."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        # anew each time, because a transaction sees one state of the activity
        async with tenant.gateway.services.database.read(ALL_TENANTS) as session:
            if await session.scalar(text(WAITING)):
                return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def row_counts(tenant: Tenant) -> dict[str, int]:
    """How many rows the tenant has in each table that a job writes."""
    async with tenant.gateway.services.database.read(tenant.organization_id) as session:
        counts = {}
        for table in TABLES:
            counts[table.__tablename__] = (await session.scalars(select(func.count()).select_from(table))).one()
        return counts
