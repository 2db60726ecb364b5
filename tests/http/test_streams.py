"""Subscriptions over HTTP: server-sent events and multipart parts, as their clients expect them byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from resolvers import live
from schema.serving import streams
from storage.models import EvseStatus
from tests.support.endless import CREATE_LOCATION, Endless
from tests.support.endpoint import Endpoint, bearer, running_endpoint, sent
from tests.support.factories import add_location
from tests.support.gateway import Tenant

PATIENCE_S = 60
EVENTS = {"Accept": "text/event-stream"}
PARTS = {"Accept": 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'}
ENDLESS = "subscription ($id: ID!) { connectorStatusChanged(locationId: $id) { status } }"


@asynccontextmanager
async def watching(
    endpoint: Endpoint, headers: dict[str, str], *, token: str = "", lifetime_s: int = 3600
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The open response of a subscription to which nothing happens."""
    organization_id = str(uuid4())
    created = await endpoint.ask(CREATE_LOCATION, token=token or endpoint.token(organization_id))
    location = created.json["data"]["createLocation"]["location"]["id"]
    body = {"query": ENDLESS, "variables": {"id": location}}
    sent = {**headers, **bearer(token or endpoint.token(organization_id, lifetime_s=lifetime_s))}
    async with endpoint.http.post(endpoint.url, json=body, headers=sent) as response:
        yield response


async def test_events_are_next_and_complete_in_lf_lf_frames(endpoint: Endpoint) -> None:
    reply = await endpoint.send("POST", {"query": "{ __typename }"}, **EVENTS)

    assert reply.body == b'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata: \n\n'
    assert reply.headers["Cache-Control"] == "no-cache"


async def test_a_list_comes_in_one_event_whatever_the_database_puts_between_its_rows(tenant: Tenant) -> None:
    names = [(await add_location(tenant, name=name)).name for name in ("A", "B")]
    body = {"query": "{ locations(orderBy: [{field: NAME, direction: ASC}]) { nodes { name } } }"}

    headers = {**tenant.headers, **EVENTS}
    async with tenant.gateway.http.post(f"{tenant.gateway.url}/graphql", json=body, headers=headers) as response:
        lines = (await response.text()).splitlines()

    assert [line.partition(":")[0] for line in lines] == ["event", "data", "", "event", "data", ""]
    assert json.loads(lines[1].removeprefix("data: "))["data"] == {"locations": {"nodes": [{"name": n} for n in names]}}


async def test_the_answer_to_head_is_no_stream(endpoint: Endpoint) -> None:
    path = "/graphql?query=%7B__typename%7D"
    fields = "Host: x\r\nAccept: text/event-stream\r\n"
    answer = await sent(
        endpoint,
        f"HEAD {path} HTTP/1.1\r\n{fields}\r\nGET {path} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode(),
    )

    _, _, behind = answer.partition(b"\r\n\r\n")
    assert behind.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_parts_carry_payloads_and_a_closing_boundary(endpoint: Endpoint) -> None:
    reply = await endpoint.send("POST", {"query": "{ __typename }"}, Accept="multipart/mixed")

    assert reply.body == (
        b'\r\n--graphql\r\nContent-Type: application/json\r\n\r\n{"payload":{"data":{"__typename":"Query"}}}'
        b"\r\n--graphql--\r\n"
    )


async def test_a_stream_tells_its_request_and_may_be_read_by_the_origins_of_the_settings(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, cors_origins="https://app.example") as endpoint:
        own = {**EVENTS, "Origin": "https://app.example", "Request-Id": "mine"}
        reply = await endpoint.send("POST", {"query": "{ __typename }"}, **own)

    assert reply.headers.getall("Request-Id") == ["mine"]
    assert reply.headers["Access-Control-Allow-Origin"] == "https://app.example"


async def test_an_event_source_subscribes_by_get(endpoint: Endpoint) -> None:
    reply = await endpoint.send("GET", query="?query=%7B__typename%7D", **EVENTS)

    assert reply.body.startswith(b"event: next\n")


@pytest.mark.parametrize("document", ["{", "{ nothing }"])
async def test_errors_of_the_document_come_as_an_event_to_who_takes_only_events(
    endpoint: Endpoint, document: str
) -> None:
    reply = await endpoint.send("POST", {"query": document}, **EVENTS)

    assert reply.status == 200
    assert reply.body.startswith(b'event: next\ndata: {"errors":[')
    assert reply.body.endswith(b"event: complete\ndata: \n\n")


@pytest.mark.parametrize("headers", [EVENTS, PARTS])
async def test_an_unknown_object_ends_the_stream_with_its_error(endpoint: Endpoint, headers: dict[str, str]) -> None:
    body = {"query": ENDLESS, "variables": {"id": str(uuid4())}}

    reply = await endpoint.send("POST", body, **headers, **bearer(endpoint.token()))

    assert reply.status == 200
    assert b'"code":"NOT_FOUND"' in reply.body


async def test_a_subscription_tells_its_cost_with_the_first_event(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def changes(*_args: object, **_kwargs: object) -> AsyncIterator[Any]:
        for _ in range(3):
            yield SimpleNamespace(status=EvseStatus.AVAILABLE)

    monkeypatch.setattr(live, "connector_status_changes", changes)
    body = {"query": ENDLESS, "variables": {"id": "x"}}

    reply = await endpoint.send("POST", body, **EVENTS, **bearer(endpoint.token()))

    events = [line for line in reply.body.splitlines() if line.startswith(b"data: {")]
    assert [b'"cost":{"requested":2,' in event for event in events] == [True, False, False]


@pytest.mark.parametrize(("headers", "sign"), [(EVENTS, b":\n\n"), (PARTS, b"{}")])
async def test_a_silent_stream_shows_that_it_lives(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], sign: bytes
) -> None:
    monkeypatch.setattr(streams, "PAUSE_S", 0.02)
    async with watching(endpoint, headers) as response:
        first = await asyncio.wait_for(response.content.readany(), PATIENCE_S)

    assert first.endswith(sign)


@pytest.mark.parametrize("headers", [EVENTS, PARTS])
async def test_a_stream_ends_with_its_token(endpoint: Endpoint, headers: dict[str, str]) -> None:
    async with watching(endpoint, headers, lifetime_s=2) as response:
        body = await asyncio.wait_for(response.read(), PATIENCE_S)

    assert b"complete" not in body  # the client shall come back with a new one
    assert b"--graphql--" not in body


async def test_streams_end_when_the_server_stops(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path) as endpoint, watching(endpoint, EVENTS) as response:
        stopping = asyncio.create_task(endpoint.runner.cleanup())

        assert await asyncio.wait_for(response.read(), PATIENCE_S) == b""
        await asyncio.wait_for(stopping, PATIENCE_S)


async def test_streams_of_an_organization_are_bounded(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, max_streams=1) as endpoint:
        token = endpoint.token()
        async with watching(endpoint, EVENTS, token=token):
            refused = await endpoint.send(
                "POST", {"query": ENDLESS, "variables": {"id": "x"}}, **EVENTS, **bearer(token)
            )
            other = await endpoint.send(
                "POST", {"query": ENDLESS, "variables": {"id": "x"}}, **EVENTS, **bearer(endpoint.token())
            )

    assert refused.status == 429
    assert refused.codes == ["RATE_LIMITED"]
    assert int(refused.headers["Retry-After"]) > 0
    assert other.status == 200


async def test_a_client_that_goes_away_ends_its_subscription(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Endless()
    monkeypatch.setattr(live, "connector_status_changes", endless.events)
    body = {"query": ENDLESS, "variables": {"id": "x"}}
    async with endpoint.http.post(endpoint.url, json=body, headers={**EVENTS, **bearer(endpoint.token())}) as response:
        await asyncio.wait_for(endless.begun.wait(), PATIENCE_S)
        response.close()

        await asyncio.wait_for(endless.ended.wait(), PATIENCE_S)
