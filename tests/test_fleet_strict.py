"""A hundred chargers of both versions with a strict CSMS of another author: no frame of theirs breaks a schema."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from storage.models import OcppVersion
from tests.support.chargers import Deployed, deploy, eventually
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE
from tests.support.tools import STRICT_CSMS

pytestmark = ONE_DATABASE

CHARGERS_OF_A_VERSION = 50
V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1
LATER = "2099-01-01T00:00:00Z"

# every message that a charger answers, with the status it answers with where there is one
REQUESTS_16: list[tuple[str, dict[str, Any], str | None]] = [
    ("ReserveNow", {"connectorId": 2, "expiryDate": LATER, "idTag": "GUEST", "reservationId": 5}, "Accepted"),
    ("CancelReservation", {"reservationId": 5}, "Accepted"),
    ("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"}, "Accepted"),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}, "Accepted"),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "1"}, "Accepted"),
    ("GetConfiguration", {}, None),
    ("ClearCache", {}, "Accepted"),
    ("SendLocalList", {"listVersion": 1, "updateType": "Full", "localAuthorizationList": []}, "Accepted"),
    ("GetLocalListVersion", {}, None),
    ("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}, "Accepted"),
    (
        "SetChargingProfile",
        {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": {
                    "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.1}],
                },
            },
        },
        "Accepted",
    ),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"}, "Accepted"),
    ("ClearChargingProfile", {"id": 1}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "Accepted"),
    ("GetDiagnostics", {"location": "ftp://example.org"}, None),
    ("DataTransfer", {"vendorId": "x"}, "UnknownVendorId"),
    ("RemoteStopTransaction", {"transactionId": -5}, "Rejected"),
    ("UnlockConnector", {"connectorId": 1}, "Unlocked"),
    ("UpdateFirmware", {"location": "https://example.org/f", "retrieveDate": "2020-01-01T00:00:00Z"}, None),
    ("Reset", {"type": "Soft"}, "Accepted"),
]  # fmt: skip

_VARIABLE = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}
_TOKEN = {"idToken": "REMOTE", "type": "Central"}
REQUESTS_201: list[tuple[str, dict[str, Any], str | None]] = [
    ("ReserveNow", {"id": 5, "evseId": 2, "expiryDateTime": LATER, "idToken": _TOKEN}, "Accepted"),
    ("CancelReservation", {"reservationId": 5}, "Accepted"),
    ("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}}, "Accepted"),
    ("ChangeAvailability", {"operationalStatus": "Operative"}, "Accepted"),
    ("SetVariables", {"setVariableData": [{**_VARIABLE, "attributeValue": "1"}]}, None),
    ("GetVariables", {"getVariableData": [_VARIABLE]}, None),
    ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}, "Accepted"),
    ("GetReport", {"requestId": 2, "componentVariable": [{"component": {"name": "TxCtrlr"}}]}, "Accepted"),
    ("ClearCache", {}, "Accepted"),
    ("SendLocalList", {"versionNumber": 1, "updateType": "Full"}, "Accepted"),
    ("GetLocalListVersion", {}, None),
    ("RequestStartTransaction", {"idToken": _TOKEN, "remoteStartId": 1, "evseId": 1}, "Accepted"),
    (
        "SetChargingProfile",
        {
            "evseId": 1,
            "chargingProfile": {
                "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": [
                    {
                        "id": 1, "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.1}],
                    }
                ],
            },
        },
        "Accepted",
    ),
    ("GetCompositeSchedule", {"evseId": 1, "duration": 60, "chargingRateUnit": "A"}, "Accepted"),
    ("GetChargingProfiles", {"requestId": 3, "chargingProfile": {"stackLevel": 0}}, "Accepted"),
    ("ClearChargingProfile", {"chargingProfileId": 1}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "LogStatusNotification"}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}, "Accepted"),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "Accepted"),
    (
        "GetLog",
        {"log": {"remoteLocation": "https://example.org"}, "logType": "DiagnosticsLog", "requestId": 4},
        "Accepted",
    ),
    ("DataTransfer", {"vendorId": "x"}, "UnknownVendorId"),
    ("GetTransactionStatus", {}, None),
    ("RequestStopTransaction", {"transactionId": "unknown"}, "Rejected"),
    ("UnlockConnector", {"evseId": 2, "connectorId": 1}, "Unlocked"),
    (
        "UpdateFirmware",
        {"requestId": 5, "firmware": {"location": "https://example.org", "retrieveDateTime": "2020-01-01T00:00:00Z"}},
        "Accepted",
    ),
    ("Reset", {"type": "Immediate"}, "Accepted"),
]  # fmt: skip


class StrictCsms:
    """The process of `tests/strict_csms/`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._reports: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.reader = asyncio.create_task(self._read())

    @property
    async def url(self) -> str:
        return f"ws://127.0.0.1:{await self.port}"

    async def ask(self, identity: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """A charger's answer; the error of one that refuses has only `error`."""
        id = len(self._asked) + 1
        future = self._asked[id] = asyncio.get_running_loop().create_future()
        self._write({"id": id, "identity": identity, "method": method, "params": params})
        answer: dict[str, Any] = await asyncio.wait_for(future, 20)
        return answer

    async def report(self) -> dict[str, Any]:
        self._write({"report": 1})
        return await asyncio.wait_for(self._reports.get(), 20)

    def hang_up(self, identity: str) -> None:
        self._write({"hangUp": identity})

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "port" in message:
                self.port.set_result(message["port"])
            elif "report" in message:
                self._reports.put_nowait(message["report"])
            else:
                self._asked[message["id"]].set_result(message)


@pytest.fixture
async def strict() -> AsyncIterator[StrictCsms]:
    process = await asyncio.create_subprocess_exec(
        "node",
        "csms.mjs",
        cwd=STRICT_CSMS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    csms = StrictCsms(process)
    yield csms
    csms.reader.cancel()
    process.kill()
    await process.wait()


async def test_a_hundred_chargers_break_no_schema(tenant: Tenant, strict: StrictCsms) -> None:
    url = await strict.url
    old = await deploy(tenant, url, count=CHARGERS_OF_A_VERSION, connectors=2)
    new = await deploy(tenant, url, count=CHARGERS_OF_A_VERSION, connectors=2, version=V201)
    chargers = [*old, *new]
    await eventually(strict.report, lambda report: report["boots"] == len(chargers))

    await _drive(chargers)
    await _ask_all(strict, old, REQUESTS_16)
    await _ask_all(strict, new, REQUESTS_201)
    await eventually(strict.report, lambda report: report["boots"] >= 2 * len(chargers))
    for charger in chargers[::10]:
        strict.hang_up(charger.identity)
    report = await eventually(strict.report, lambda report: report["boots"] >= 2 * len(chargers) + 10)

    assert report["failures"] == []
    assert {"StartTransaction", "StopTransaction", "TransactionEvent", "MeterValues", "NotifyReport"} <= set(
        report["calls"]
    )


async def _drive(chargers: list[Deployed]) -> None:
    """Every command of the API that makes chargers speak, on each of them."""
    for number, charger in enumerate(chargers):
        key = "MeterValueSampleInterval" if number < len(chargers) / 2 else "SampledDataCtrlr.TxUpdatedInterval"
        await charger.does("setConfiguration", configuration=[{"key": key, "value": "1"}])
        await charger.does("startSession", idTag="TAG-1", connectorId=1)
        await charger.does("plugConnector", connectorId=2)
        await charger.does("authorizeIdTag", idTag="TAG-2")
    for charger in chargers:
        await charger.does("startTransaction", idTag="TAG-2", connectorId=2)
        await charger.does("powerUpdate", powerW=7_000, connectorId=2)
        await charger.does("evStopsEnergy", connectorId=2)
        await charger.does("evRequestsEnergy", connectorId=2)
    for charger in chargers:
        await charger.does("injectFault", faultType="OverCurrent", connectorId=2)
        await charger.does("clearFault", connectorId=2)
        await charger.does("stopTransaction")
        await charger.does("unplugConnector", connectorId=1)
        await charger.does("unlockConnector", connectorId=2)
        await charger.does("unplugConnector", connectorId=2)
        entry = {"idTag": "MEMBER"}
        await charger.does("sendLocalList", "msg: message", listVersion=1, entries=[entry])
        await charger.does("clearLocalList")
        await charger.does("resetAuthCache")


async def _ask_all(
    strict: StrictCsms, chargers: list[Deployed], requests: list[tuple[str, dict[str, Any], str | None]]
) -> None:
    for method, params, status in requests:
        answers = await asyncio.gather(*(strict.ask(charger.identity, method, params) for charger in chargers))
        assert [answer for answer in answers if "error" in answer] == [], method
        assert {answer["result"].get("status") for answer in answers} == {status}, method
