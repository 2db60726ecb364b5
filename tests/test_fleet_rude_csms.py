"""CSMS that misbehave: a charger survives each of them, and boots as soon as there is one that behaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from storage.models import OcppVersion
from tests.support.chargers import Deployed, booted, deploy, eventually
from tests.support.csms import Csms, Refused, now
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16 = OcppVersion.OCPP_1_6
MIB = 2**20

Conduct = Callable[[web.WebSocketResponse], Awaitable[None]]


class RudeCsms:
    """A raw server that does with each connection as it is told, and counts them."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self.connections = 0
        self.url = ""
        self._came = asyncio.Event()

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["ocpp2.0.1", "ocpp1.6"], timeout=0.5, max_msg_size=2 * MIB)
        await socket.prepare(request)
        self.connections += 1
        self._came.set()
        await self._conduct(socket)
        return socket

    async def visited(self, times: int) -> None:
        """Waits until chargers have connected so often."""
        async with asyncio.timeout(60):
            while self.connections < times:
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def rude_csms(conduct: Conduct) -> AsyncIterator[RudeCsms]:
    csms = RudeCsms(conduct)
    app = web.Application()
    app.router.add_get("/{path:.*}", csms.accept)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    csms.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/ocpp"
    try:
        yield csms
    finally:
        await runner.cleanup()


async def boots_at(charger: Deployed, csms: Csms) -> None:
    """Moves a charger to a CSMS that behaves and waits until it has booted there."""
    await charger.update(ws_url=csms.url)
    await (await csms.station(charger.identity)).receives("StatusNotification")


async def silent(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


async def hangs_up(socket: web.WebSocketResponse) -> None:
    await socket.close()


async def test_one_that_never_answers_is_left_and_tried_again(
    tenant: Tenant, csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.link.CALL_TIMEOUT_S", 0.2)
    async with rude_csms(silent) as rude:
        [charger] = await deploy(tenant, rude.url)

        await rude.visited(2)
        await boots_at(charger, csms)


async def test_one_that_closes_at_once_is_tried_again(tenant: Tenant, csms: Csms) -> None:
    async with rude_csms(hangs_up) as rude:
        [charger] = await deploy(tenant, rude.url)

        await rude.visited(3)
        await boots_at(charger, csms)


@pytest.mark.parametrize(
    "answer",
    [
        '[3,"ID",{"status":"Perhaps"}]', '[3,"ID","text"]', '[3,"ID"]', '[4,"ID","InternalError","",{}]', '[4,"ID"]',
        '[3,"ID",{"status":"Accepted","currentTime":"2026-01-01T00:00:00Z","interval":"soon"}]',
    ],
)  # fmt: skip
async def test_rubbish_for_an_answer_to_the_boot_is_not_the_end(
    tenant: Tenant, csms: Csms, version: OcppVersion, answer: str
) -> None:
    async def conduct(socket: web.WebSocketResponse) -> None:
        async for message in socket:
            frame = json.loads(message.data)
            if frame[0] != 2:
                continue
            for text in ("not json", "[]", "{}", "[3]", '[3,5,{}]', '[[],"x",{}]', "null", "", "\x00"):  # fmt: skip
                await socket.send_str(text)
            await socket.send_bytes(b"\xff\xfe\x00")
            await socket.send_str(answer.replace("ID", frame[1]))

    async with rude_csms(conduct) as rude:
        [charger] = await deploy(tenant, rude.url, version=version)
        await rude.visited(1)
        await charger.shows("connected", bool)

        await boots_at(charger, csms)
        assert (await charger.row()).runtime_status == "RUNNING"


async def test_answers_to_what_was_never_asked_are_passed_over(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms)

    await station.send_text('[3,"never-asked",{"status":"Accepted"}]')
    await station.send_text('[4,"never-asked","InternalError","",{}]')
    await station.send_text(json.dumps([3, station.calls[-1].id, {"late": True}]))

    assert await station.call("ClearCache") == {"status": "Accepted"}
    assert (station.errors, station.connections) == ([], 1)


async def test_one_that_asks_before_it_has_accepted_gets_answers_and_nothing_starts(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    answers: list[Any] = []
    token = {"idToken": "REMOTE", "type": "Central"}
    if version is V16:
        asked: list[tuple[str, Any]] = [
            ("GetConfiguration", {"key": []}),
            ("RemoteStartTransaction", {"idTag": "REMOTE"}),
        ]
    else:
        asked = [("GetLocalListVersion", {}), ("RequestStartTransaction", {"idToken": token, "remoteStartId": 1})]

    async def conduct(socket: web.WebSocketResponse) -> None:
        for number, (action, payload) in enumerate(asked):
            await socket.send_str(json.dumps([2, f"early-{number}", action, payload]))
        async for message in socket:
            frame = json.loads(message.data)
            if frame[0] != 2:
                answers.append(frame)

    async with rude_csms(conduct) as rude:
        [charger] = await deploy(tenant, rude.url, version=version)

        await eventually(_now(lambda: len(answers)), lambda count: count == 2)
        await boots_at(charger, csms)

    assert [frame[0] for frame in answers] == [3, 3]
    assert answers[1][2] == {"status": "Rejected"}


async def test_a_frame_of_almost_a_mebibyte_is_answered(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)

    with pytest.raises(Refused, match="PropertyConstraintViolation"):
        await station.call_raw("DataTransfer", {"vendorId": "x" * (MIB - 100)})

    assert await station.call("ClearCache") == {"status": "Accepted"}

    async def logged() -> list[str]:
        _, logs = await tenant.rest("GET", f"/ocpp/chargers/{charger.id}/logs?event=DataTransfer")
        return [frame["message"] for frame in logs["data"]]

    frames = await eventually(logged, lambda frames: len(frames) == 2)
    assert max(map(len, frames)) < MIB / 4


async def test_a_frame_of_more_than_a_mebibyte_costs_the_connection_and_no_more(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms)

    await station.send_text(json.dumps([2, "big", "DataTransfer", {"vendorId": "x" * 2 * MIB}]))

    await station.receives("BootNotification", 2)
    await station.receives("StatusNotification", 2)


async def test_values_beyond_all_bounds_are_refused(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    _, station = await booted(tenant, csms, version=version)
    periods = [{"startPeriod": 0, "limit": 1e300}]
    schedule: Any = {"chargingRateUnit": "W", "chargingSchedulePeriod": periods}
    common = {"stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative"}
    composite = {"connectorId" if version is V16 else "evseId": 1}
    if version is V16:
        profile: Any = {"chargingProfileId": 1, **common, "chargingSchedule": schedule}
        with pytest.raises(Refused, match="PropertyConstraintViolation"):
            await station.call_raw("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})

    for duration in (-1, 0, 10**12):
        answer = await station.call_raw("GetCompositeSchedule", {**composite, "duration": duration})
        assert len((answer.get("schedule") or answer["chargingSchedule"])["chargingSchedulePeriod"]) == 1
    deep = f'[2,"deep","SetChargingProfile",{"[" * 900}{"]" * 900}]'
    await station.send_text(deep)
    assert (await station.call("GetLocalListVersion")).keys() <= {"listVersion", "versionNumber"}
    assert station.connections == 1


async def test_one_that_speaks_while_it_is_rejected_hears_nothing(tenant: Tenant, csms: Csms) -> None:
    frames: list[Any] = []

    async def conduct(socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                frames.append(json.loads(message.data))
                rejected = {"status": "Rejected", "currentTime": now(), "interval": 300}
                await socket.send_str(json.dumps([3, frames[-1][1], rejected]))
                await socket.send_str('[2,"nobody-answers","ClearCache",{}]')
                await socket.send_str("not json")

    async with rude_csms(conduct) as rude:
        [charger] = await deploy(tenant, rude.url)
        await eventually(charger.registration, lambda status: status == "Rejected")
        await boots_at(charger, csms)

    assert [frame[2] for frame in frames] == ["BootNotification"]


def _now(read: Callable[[], int]) -> Callable[[], Awaitable[int]]:
    async def later() -> int:
        return read()

    return later
