"""Frames and status changes: kept for a time, and live by subscription."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from sqlalchemy import update

from fleet.writer import Writer
from storage.models import Charger, ConnectorEvent, OcppMessage, OcppVersion, new_id, utc_now
from storage.session import ALL_TENANTS
from tests.support.chargers import Deployed, booted, deploy, eventually
from tests.support.csms import Csms
from tests.support.factories import add_charger, add_frame, writing
from tests.support.gateway import Gateway, Tenant, running_gateway
from tests.support.rest import make_location
from tests.support.statements import counted_statements

FRAMES = """subscription($chargerId: ID, $locationId: ID) {
    ocppMessages(chargerId: $chargerId, locationId: $locationId) { direction action message charger { identity } }
}"""
STATUSES = """subscription($chargerId: ID, $locationId: ID, $cpoId: ID) {
    connectorStatusChanged(chargerId: $chargerId, locationId: $locationId, cpoId: $cpoId) {
        status ocppStatus errorCode evse { connectorNumber charger { identity } }
    }
}"""
LOGS = """query($id: ID!, $event: String) {
    charger(id: $id) { logs(first: 100, event: $event) { nodes { direction action message } totalCount } }
}"""


@asynccontextmanager
async def subscribed(tenant: Tenant, document: str, **variables: Any) -> AsyncIterator[ClientWebSocketResponse]:
    """A socket on which the events of a subscription arrive."""
    gateway = tenant.gateway
    async with gateway.http.ws_connect(f"{gateway.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init", "payload": dict(tenant.headers)})
        assert (await socket.receive_json(timeout=60))["type"] == "connection_ack"
        payload = {"query": document, "variables": variables}
        await socket.send_json({"type": "subscribe", "id": "1", "payload": payload})
        yield socket


async def next_data(socket: ClientWebSocketResponse) -> dict[str, Any]:
    message = await socket.receive_json(timeout=60)
    assert message["type"] == "next", message
    [event] = message["payload"]["data"].values()
    return dict(event)


async def refusal(tenant: Tenant, document: str, **variables: Any) -> str:
    """The code of the error with which a subscription is refused."""
    async with subscribed(tenant, document, **variables) as socket:
        message = await socket.receive_json(timeout=60)
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    return str(errors[0]["extensions"]["code"])


async def test_every_frame_is_kept_with_the_action_it_calls_or_answers(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await station.call("ClearCache")

    async def logs() -> Any:
        return (await tenant.data(LOGS, id=charger.id))["charger"]["logs"]

    kept = await eventually(logs, lambda logs: logs["totalCount"] == 8)

    frames = [(frame["direction"], frame["action"]) for frame in reversed(kept["nodes"])]
    assert sorted(frames) == sorted(
        [
            ("CP_TO_CSMS", "BootNotification"), ("CSMS_TO_CP", "BootNotification"),
            ("CP_TO_CSMS", "StatusNotification"), ("CSMS_TO_CP", "StatusNotification"),
            ("CP_TO_CSMS", "StatusNotification"), ("CSMS_TO_CP", "StatusNotification"),
            ("CSMS_TO_CP", "ClearCache"), ("CP_TO_CSMS", "ClearCache"),
        ]
    )  # fmt: skip
    boot = json.loads(kept["nodes"][-1]["message"])
    assert boot[:1] + boot[2:3] == [2, "BootNotification"]


async def test_the_frames_of_a_charger_arrive_live(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)

    async with subscribed(tenant, FRAMES, chargerId=charger.id) as socket:
        await _quiet(tenant, charger)
        await station.call("ClearCache")
        asked, answered = [await _until(socket, "ClearCache") for _ in range(2)]

    assert (asked["direction"], answered["direction"]) == ("CSMS_TO_CP", "CP_TO_CSMS")
    assert json.loads(answered["message"])[2] == {"status": "Accepted"}
    assert asked["charger"] == {"identity": charger.identity}


async def test_a_frame_that_another_process_writes_late_arrives_too(tenant: Tenant) -> None:
    charger = await add_charger(tenant)

    async with subscribed(tenant, FRAMES, chargerId=charger.id) as socket:
        await _begun(socket, charger, tenant)
        await add_frame(tenant, charger, action="Late", timestamp=utc_now() - timedelta(seconds=4))
        late = await _until(socket, "Late")

    assert late["charger"] == {"identity": charger.identity}


async def test_the_status_changes_of_a_location_arrive_live(tenant: Tenant, csms: Csms) -> None:
    location_id = (await make_location(tenant))["id"]
    charger, _ = await booted(tenant, csms, location_id=location_id, connectors=2)

    async with subscribed(tenant, STATUSES, locationId=location_id) as socket:
        await charger.does("injectFault", faultType="OverCurrent", connectorId=2)
        event = await next_data(socket)
        while event["ocppStatus"] != "Faulted":
            event = await next_data(socket)

    assert event == {
        "status": "OUTOFORDER",
        "ocppStatus": "Faulted",
        "errorCode": "OverCurrent",
        "evse": {"connectorNumber": 2, "charger": {"identity": charger.identity}},
    }


async def test_a_2_0_1_charger_tells_its_own_words_for_a_status(tenant: Tenant, csms: Csms) -> None:
    charger, _ = await booted(tenant, csms, version=OcppVersion.OCPP_2_0_1)

    async with subscribed(tenant, STATUSES, chargerId=charger.id) as socket:
        await charger.does("plugConnector")
        event = await next_data(socket)
        while event["ocppStatus"] != "Occupied":
            event = await next_data(socket)

    assert event["status"] == "CHARGING"


@pytest.mark.parametrize("document", [FRAMES, STATUSES])
async def test_a_subscription_names_one_thing_that_is_there(
    tenant: Tenant, stranger: Tenant, csms: Csms, document: str
) -> None:
    location_id = (await make_location(stranger))["id"]
    [foreign] = await deploy(stranger, csms.url, location_id=location_id)

    assert await refusal(tenant, document) == "BAD_USER_INPUT"
    assert await refusal(tenant, document, chargerId="dep-1", locationId=location_id) == "BAD_USER_INPUT"
    assert await refusal(tenant, document, chargerId="dep-unknown") == "NOT_FOUND"
    assert await refusal(tenant, document, chargerId=foreign.id) == "NOT_FOUND"
    assert await refusal(tenant, document, locationId=location_id) == "NOT_FOUND"


async def test_another_tenants_frames_stay_away(tenant: Tenant, stranger: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    _, other = await booted(stranger, csms)

    async with subscribed(tenant, FRAMES, chargerId=charger.id) as socket:
        await other.call("ClearCache")
        await station.call("GetLocalListVersion")
        event = await next_data(socket)
        while event["action"] != "GetLocalListVersion":
            assert event["action"] != "ClearCache"
            event = await next_data(socket)


async def test_many_frames_of_one_instant_arrive_page_by_page(
    gateway: Gateway, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.live.PAGE", 2)
    monkeypatch.setattr("fleet.local.WATCH_S", 0.05)
    charger, at = await add_charger(tenant), utc_now() + timedelta(seconds=1)

    with counted_statements(gateway) as statements:
        async with subscribed(tenant, FRAMES, chargerId=charger.id) as socket:
            await _begun(socket, charger, tenant)
            for number in range(7):
                await add_frame(tenant, charger, action=f"Action{number}", timestamp=at)
            arrived = [(await _until(socket, f"Action{number}"))["action"] for number in range(7)]

    assert arrived == [f"Action{number}" for number in range(7)]
    assert all("LIMIT" in statement for statement in statements if "FROM ocpp_messages" in statement)


async def test_a_clock_that_is_ahead_hides_no_frame_of_the_others(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.local.WATCH_S", 0.05)
    charger = await add_charger(tenant)

    async with subscribed(tenant, FRAMES, chargerId=charger.id) as socket:
        await _begun(socket, charger, tenant)
        await add_frame(tenant, charger, action="Ahead", timestamp=utc_now() + timedelta(hours=1))
        await _until(socket, "Ahead")
        await add_frame(tenant, charger, action="Now", timestamp=utc_now())
        event = await _until(socket, "Now")

    assert event["charger"] == {"identity": charger.identity}


async def test_frames_of_a_process_whose_clock_is_behind_arrive_live(
    own_url: str, tmp_path: Path, csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.writer.utc_now", lambda: utc_now() - timedelta(hours=1))
    async with running_gateway(own_url, tmp_path) as gateway:
        tenant = gateway.tenant()
        charger, station = await booted(tenant, csms)
        await add_frame(tenant, await charger.row(), action="Of another process", timestamp=utc_now())

        async with subscribed(tenant, FRAMES, chargerId=charger.id) as socket:
            await _quiet(tenant, charger)
            await station.call("ClearCache")
            event = await _until(socket, "ClearCache")

    assert event["charger"] == {"identity": charger.identity}


async def test_waiting_for_frames_that_nobody_writes_leaves_nothing_behind(gateway: Gateway) -> None:
    writer = Writer(gateway.services.database, "a process that runs no chargers")
    before = _futures()

    for _ in range(1_000):
        await writer.written(0)

    assert _futures() < before + 500


async def test_frames_and_events_are_swept_when_they_are_too_old(
    tmp_path: Path, csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.local.SWEEP_S", 0.5)
    async with running_gateway(f"sqlite:///{tmp_path / 'swept.db'}", tmp_path, ocpp_log_hours=1) as gateway:
        tenant = gateway.tenant()
        charger, station = await booted(tenant, csms)
        await station.call("ClearCache")
        await eventually(lambda: _count(tenant, charger), lambda count: count == 8)
        async with gateway.services.database.write(ALL_TENANTS) as session:
            for model in (OcppMessage, ConnectorEvent):
                await session.execute(update(model).values(timestamp=utc_now() - timedelta(hours=2)))

        await eventually(lambda: _count(tenant, charger), lambda count: count == 0)


async def test_one_sweep_leaves_nothing_that_is_too_old(
    own_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.local.SWEEP_S", 0.1)
    monkeypatch.setattr("fleet.local.SWEEP_AT_ONCE", 1)
    async with running_gateway(own_url, tmp_path, ocpp_log_hours=1) as gateway:
        tenant = gateway.tenant()
        charger = await add_charger(tenant)
        frame = {"charger_id": charger.id, "direction": "cp_to_csms", "action": "Heartbeat", "message": "[]"}
        then = utc_now() - timedelta(hours=2)
        async with writing(tenant) as session:
            session.add_all(OcppMessage(id=new_id(), timestamp=then, **frame) for _ in range(100))

        await eventually(lambda: _count(tenant, Deployed(tenant, charger.id, "")), lambda count: count == 0)


async def _count(tenant: Tenant, charger: Deployed) -> int:
    return int((await tenant.data(LOGS, id=charger.id))["charger"]["logs"]["totalCount"])


async def _quiet(tenant: Tenant, charger: Deployed) -> None:
    """Waits until the frames of the boot are on disk."""
    await eventually(lambda: _count(tenant, charger), lambda count: count >= 6)


async def _until(socket: ClientWebSocketResponse, action: str) -> dict[str, Any]:
    while (event := await next_data(socket))["action"] != action:
        pass
    return event


async def _begun(socket: ClientWebSocketResponse, charger: Charger, tenant: Tenant) -> None:
    """Adds frames until one arrives: the subscription has begun."""
    first = asyncio.create_task(next_data(socket))
    while not first.done():
        await add_frame(tenant, charger, action="First", timestamp=utc_now())
        await asyncio.wait([first], timeout=0.1)


def _futures() -> int:
    gc.collect()
    return sum(isinstance(each, asyncio.Future) for each in gc.get_objects())
