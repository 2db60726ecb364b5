"""GraphQL over WebSocket: the subprotocol, its limits, and what clients get that break it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from resolvers import live
from resolvers.auth import Role, make_token
from schema.serving import websocket
from tests.support.endless import CREATE_LOCATION, Endless
from tests.support.endpoint import Endpoint, bearer, running_endpoint
from tests.support.gateway import SECRET
from tests.support.socket import PATIENCE_S, SUBPROTOCOL, Socket, connected, data, talking

TYPENAME = "{ __typename }"
ENDLESS = "subscription ($id: ID!) { connectorStatusChanged(locationId: $id) { status } }"


async def watch_endlessly(socket: Socket, id: str) -> str:
    """Starts a subscription that runs until someone ends it; gives the location that it watches."""
    await socket.subscribe(f"{id}-create", CREATE_LOCATION)
    location: str = data(await socket.receive())["createLocation"]["location"]["id"]
    assert (await socket.receive())["type"] == "complete"
    await socket.subscribe(id, ENDLESS, id=location)
    return location


async def test_a_query_is_answered_and_completed(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await socket.subscribe("1", TYPENAME)

        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("next", "1")
        assert answer["payload"]["data"] == {"__typename": "Query"}
        assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_an_id_is_free_again_once_its_operation_is_over(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        for _ in range(3):
            await socket.subscribe("same", TYPENAME)
            assert (await socket.receive())["type"] == "next"
            assert (await socket.receive())["type"] == "complete"


async def test_a_ping_is_answered_and_a_pong_is_not(endpoint: Endpoint) -> None:
    async with connected(endpoint) as socket:
        await socket.send(type="pong")
        await socket.send(type="ping", payload={"at": 1})

        assert await socket.receive() == {"type": "pong"}


async def test_the_server_pings_and_gives_up_on_who_does_not_answer(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "PING_S", 0.05)
    async with endpoint.http.ws_connect(endpoint.url, protocols=(SUBPROTOCOL,), autoping=False) as raw:
        ping = await raw.receive(timeout=PATIENCE_S)
        last = ping
        while last.type is WSMsgType.PING:
            last = await raw.receive(timeout=PATIENCE_S)

    assert ping.type is WSMsgType.PING
    assert last.type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR}


async def test_a_client_completes_a_subscription_and_may_start_it_again(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await watch_endlessly(socket, "1")
        await socket.send(type="complete", id="1")
        await socket.subscribe("1", TYPENAME)

        assert data(await socket.receive()) == {"__typename": "Query"}


async def test_completing_what_does_not_run_changes_nothing(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await socket.send(type="complete", id="unknown")
        await socket.subscribe("1", TYPENAME)

        assert data(await socket.receive()) == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("document", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("", "GRAPHQL_PARSE_FAILED")],
)
async def test_a_document_that_can_not_run_ends_its_operation_alone(
    endpoint: Endpoint, document: str, code: str
) -> None:
    async with talking(endpoint) as socket:
        await socket.subscribe("bad", document)
        await socket.subscribe("good", TYPENAME)
        messages = [await socket.receive() for _ in range(3)]

    [failed] = [message for message in messages if message["id"] == "bad"]
    assert failed["type"] == "error"
    assert failed["payload"][0]["extensions"]["code"] == code
    assert [message["type"] for message in messages if message["id"] == "good"] == ["next", "complete"]


async def test_an_unknown_object_of_a_subscription_is_an_error_of_the_operation(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await socket.subscribe("1", ENDLESS, id=str(uuid4()))

        message = await socket.receive()

    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    assert errors[0]["extensions"]["code"] == "NOT_FOUND"


async def test_an_unexpected_failure_of_a_subscription_is_masked(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_kwargs: object) -> AsyncIterator[Any]:
        raise RuntimeError("the password is hunter2")
        yield

    monkeypatch.setattr(live, "connector_status_changes", fail)
    async with talking(endpoint) as socket:
        await socket.subscribe("1", ENDLESS, id="x")

        message = await socket.receive()

    assert message["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "hunter2" not in str(message)


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "",
        "1",
        "null",
        "[]",
        '"connection_init"',
        "{}",
        '{"type": 1}',
        '{"type": "start"}',
        '{"type": "next", "id": "1"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "%s", "payload": {"query": "{ __typename }"}}' % ("x" * 300),
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": null}',
        "[" * 100_000,
        '{"type": "subscribe", "id": "1", "payload": {"query": "\\ud800"}}',
    ],
    ids=lambda frame: frame[:70],
)
async def test_a_message_that_is_none_closes_with_4400(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, frame: str
) -> None:
    async with talking(endpoint) as socket:
        await socket.raw.send_str(frame)

        code, _ = await socket.end()

    assert code == 4400
    assert caplog.records == []


async def test_a_binary_message_closes_with_4400(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await socket.raw.send_bytes(b'{"type": "ping"}')

        assert (await socket.end())[0] == 4400


async def test_text_that_is_not_utf_8_closes_with_1007(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        frame = bytes([0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE])  # RFC 6455 §5.2: text, two bytes masked with zeros
        _transport(socket).write(frame)

        assert (await socket.end())[0] == 1007


async def test_a_message_over_256_kib_closes_with_1009(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await socket.raw.send_str(" " * (256 * 1024 + 1))

        assert (await socket.end())[0] == 1009


async def test_an_operation_before_the_init_closes_with_4401(endpoint: Endpoint) -> None:
    async with connected(endpoint) as socket:
        await socket.subscribe("1", TYPENAME)

        assert (await socket.end())[0] == 4401


async def test_a_second_init_closes_with_4429(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await socket.send(type="connection_init", payload=bearer(endpoint.token()))

        assert (await socket.end())[0] == 4429


async def test_an_id_that_is_in_use_closes_with_4409(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        await watch_endlessly(socket, "1")
        await socket.subscribe("1", TYPENAME)

        assert await socket.end() == (4409, "Subscriber for 1 already exists")


async def test_a_client_that_does_not_begin_is_closed_with_4408(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "INIT_S", 0.05)
    async with connected(endpoint) as socket:
        assert (await socket.end())[0] == 4408


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",), ("mqtt",)])
async def test_another_subprotocol_closes_with_4406(endpoint: Endpoint, protocols: tuple[str, ...]) -> None:
    async with connected(endpoint, protocols=protocols) as socket:
        assert (await socket.end())[0] == 4406


async def test_legacy_graphql_ws_never_wins_the_negotiation(endpoint: Endpoint) -> None:
    async with connected(endpoint, protocols=("graphql-ws", "graphql-transport-ws")) as socket:
        assert socket.raw.protocol == "graphql-transport-ws"


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer nonsense"}, {"Authorization": 7}])
async def test_a_connection_without_a_valid_token_closes_with_4403(endpoint: Endpoint, payload: Any) -> None:
    async with connected(endpoint) as socket:
        await socket.send(type="connection_init", payload=payload)

        assert (await socket.end())[0] == 4403


@pytest.mark.parametrize("payload", ["Bearer x", 1, ["authorization"]])
async def test_an_init_payload_that_is_no_object_closes_with_4400(endpoint: Endpoint, payload: Any) -> None:
    async with connected(endpoint) as socket:
        await socket.send(type="connection_init", payload=payload)

        assert (await socket.end())[0] == 4400


async def test_the_token_of_the_upgrade_request_will_do(endpoint: Endpoint) -> None:
    async with connected(endpoint, bearer(endpoint.token())) as socket:
        await socket.send(type="connection_init")

        assert await socket.receive() == {"type": "connection_ack"}


async def test_the_token_of_the_payload_is_the_one_that_counts(endpoint: Endpoint) -> None:
    organization = str(uuid4())
    async with connected(endpoint, bearer(endpoint.token())) as socket:
        await socket.send(type="connection_init", payload={"AUTHORIZATION": f"Bearer {endpoint.token(organization)}"})
        await socket.receive()
        await socket.subscribe("1", "{ viewer { organizationId } }")

        assert data(await socket.receive()) == {"viewer": {"organizationId": organization}}


async def test_an_admin_names_the_organization_in_the_payload(endpoint: Endpoint) -> None:
    organization = str(uuid4())
    token = make_token(SECRET, subject="root", role=Role.ADMIN, organization_id=None, lifetime_s=60)
    async with talking(endpoint, token, **{"X-Organization-Id": organization}) as socket:
        await socket.subscribe("1", "{ viewer { role organizationId } }")

        assert data(await socket.receive()) == {"viewer": {"role": "ADMIN", "organizationId": organization}}


async def test_a_user_that_names_an_organization_is_closed_with_4403(endpoint: Endpoint) -> None:
    async with connected(endpoint) as socket:
        payload = {**bearer(endpoint.token()), "X-Organization-Id": str(uuid4())}
        await socket.send(type="connection_init", payload=payload)

        assert (await socket.end())[0] == 4403


async def test_a_token_that_expires_takes_its_connection_along(endpoint: Endpoint) -> None:
    organization_id = str(uuid4())
    async with talking(endpoint, endpoint.token(organization_id)) as other:
        location = await watch_endlessly(other, "1")
    async with talking(endpoint, endpoint.token(organization_id, lifetime_s=2)) as socket:
        await socket.subscribe("1", ENDLESS, id=location)

        assert await socket.end() == (4403, "Token expired")


async def test_the_hundred_and_first_operation_fails_alone(endpoint: Endpoint) -> None:
    async with talking(endpoint) as socket:
        location = await watch_endlessly(socket, "0")
        for number in range(1, 101):
            await socket.subscribe(str(number), ENDLESS, id=location)

        message = await socket.receive()

    assert (message["type"], message["id"]) == ("error", "100")
    assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://[x"])
async def test_a_page_of_another_origin_may_not_connect(endpoint: Endpoint, origin: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        async with connected(endpoint, {"Origin": origin}):
            pass

    assert refused.value.status == 403


async def test_a_page_of_the_same_origin_connects(endpoint: Endpoint) -> None:
    async with connected(endpoint, {"Origin": endpoint.url.removesuffix("/graphql")}) as socket:
        await socket.send(type="ping")

        assert await socket.receive() == {"type": "pong"}


async def test_the_origins_of_the_settings_connect(tmp_path: Path) -> None:
    async with (
        running_endpoint(tmp_path, cors_origins="https://app.example") as endpoint,
        connected(endpoint, {"Origin": "https://app.example"}) as socket,
    ):
        await socket.send(type="ping")

        assert await socket.receive() == {"type": "pong"}


async def test_connections_of_an_organization_are_bounded_and_leave_room_for_others_of_its_address(
    tmp_path: Path,
) -> None:
    async with running_endpoint(tmp_path, max_streams=2) as endpoint:
        token = endpoint.token()
        async with talking(endpoint, token), talking(endpoint, token):
            async with connected(endpoint) as third:
                await third.send(type="connection_init", payload=bearer(token))
                assert await third.end() == (1013, "Too many connections")
            async with talking(endpoint):
                pass
        async with talking(endpoint, token):
            pass


async def test_connections_that_say_nothing_are_bounded_by_their_address(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, max_streams=2) as endpoint:
        async with connected(endpoint), connected(endpoint):
            with pytest.raises(WSServerHandshakeError) as refused:
                async with connected(endpoint):
                    pass
        async with connected(endpoint):
            pass

    assert refused.value.status == 429


async def test_a_server_that_stops_says_goodbye_with_1001(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path) as endpoint, talking(endpoint) as socket:
        await watch_endlessly(socket, "1")
        stopping = asyncio.create_task(endpoint.runner.cleanup())

        assert (await socket.end())[0] == 1001
        await socket.raw.close()
        await asyncio.wait_for(stopping, PATIENCE_S)


async def test_a_client_that_vanishes_leaves_nothing_running(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Endless()
    monkeypatch.setattr(live, "connector_status_changes", endless.events)
    async with talking(endpoint) as socket:
        await socket.subscribe("1", ENDLESS, id="x")
        await asyncio.wait_for(endless.begun.wait(), PATIENCE_S)
        _transport(socket).abort()  # no closing handshake: as when a cable is cut

        await asyncio.wait_for(endless.ended.wait(), PATIENCE_S)


def _transport(socket: Socket) -> asyncio.Transport:
    connection = socket.raw._conn
    assert connection is not None
    assert connection.transport is not None
    return connection.transport
