"""Resets: what ends with them, what they wait for, and what goes on behind them."""

from __future__ import annotations

import asyncio

import pytest

from storage.models import OcppVersion
from tests.support.chargers import booted, deploy, eventually, payloads
from tests.support.csms import ACCEPT, SILENCE, Answer, Csms, Payload, Station, now
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
async def test_a_reset_of_1_6_ends_transactions_and_boots_again(tenant: Tenant, csms: Csms, kind: str) -> None:
    charger, station = await booted(tenant, csms)
    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")

    assert await station.call("Reset", {"type": kind}) == {"status": "Accepted"}
    await station.receives("BootNotification", 2)
    stop = await station.receives("StopTransaction")

    assert stop["reason"] == f"{kind}Reset"
    order = [action for action in station.actions() if action in ("BootNotification", "StopTransaction")]
    assert order[1:] == (["StopTransaction", "BootNotification"] if kind == "Soft" else order[1:])


async def test_an_immediate_reset_of_2_0_1_ends_transactions_and_boots_again(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)
    await charger.does("startSession", idTag="TAG-1")
    await station.receives("TransactionEvent", 2)

    assert await station.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    boot = await station.receives("BootNotification", 2)
    await station.receives("TransactionEvent", 3)

    assert boot["reason"] == "RemoteReset"
    assert station.sent("TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "ImmediateReset"


async def test_while_a_reset_waits_for_a_transaction_no_other_begins(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201, connectors=2)
    await charger.does("startSession", idTag="TAG-1", connectorId=1)
    await station.receives("TransactionEvent", 2)

    await station.call("Reset", {"type": "OnIdle"})
    await station.status("Unavailable", connector=2)
    token = {"idToken": "TAG-2", "type": "Central"}
    refused = await station.call("RequestStartTransaction", {"evseId": 2, "idToken": token, "remoteStartId": 1})
    await charger.does("stopSession")
    await station.receives("BootNotification", 2)

    assert refused == {"status": "Rejected"}
    for connector in (1, 2):
        await station.status("Available", connector=connector)


async def test_a_reset_on_idle_that_waits_for_nothing_is_no_scheduled_one(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)

    assert await station.call("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}

    assert (await station.receives("BootNotification", 2))["reason"] == "RemoteReset"


async def test_a_reset_on_idle_waits_for_the_transaction(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)
    await charger.does("startSession", idTag="TAG-1")
    await station.receives("TransactionEvent", 2)

    assert await station.call("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    await charger.does("stopSession")

    assert (await station.receives("BootNotification", 2))["reason"] == "ScheduledReset"


async def test_a_reset_on_idle_does_not_wait_for_a_csms_that_is_away(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)
    await charger.does("startSession", idTag="TAG-1")
    await station.receives("TransactionEvent", 2)

    await station.call("Reset", {"type": "OnIdle"})
    await csms.stop()
    await charger.does("stopSession")
    await eventually(charger.ocpp_status, lambda status: status == "Available")
    await csms.start()

    boot = await station.receives("BootNotification", 2)
    assert boot["reason"] == "ScheduledReset"
    await station.until(lambda s: s.sent("TransactionEvent")[-1]["eventType"] == "Ended")


async def test_a_transaction_that_begins_while_a_reset_delivers_its_last_messages_ends_with_it(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    is_old = version is V16
    message, kind = ("StopTransaction", "Soft") if is_old else ("TransactionEvent", "Immediate")

    def ends(payload: Payload) -> bool:
        return is_old or payload["eventType"] == "Ended"

    def slow(station: Station, payload: Payload) -> Answer:
        return SILENCE if ends(payload) and sum(map(ends, station.sent(message))) == 1 else ACCEPT

    csms.behaviours[message] = slow
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("plugConnector")
    await charger.does("startTransaction", idTag="TAG-1")
    await station.status("Charging" if is_old else "Occupied")

    await station.call("Reset", {"type": kind})
    await station.until(lambda s: any(map(ends, s.sent(message))))
    await charger.does("startTransaction", idTag="TAG-2")
    await station.hears(message, {})

    await station.receives("BootNotification", 2)
    await station.until(lambda s: sum(map(ends, s.sent(message))) == 2)


async def test_a_firmware_update_and_a_reset_that_wait_for_a_transaction_are_both_done(
    tenant: Tenant, csms: Csms
) -> None:
    charger, station = await booted(tenant, csms, version=V201, connectors=2)
    await charger.does("startSession", idTag="TAG-1", connectorId=1)
    await station.receives("TransactionEvent", 2)
    firmware = {"location": "https://example.org/fw.bin", "retrieveDateTime": now()}

    await station.call("UpdateFirmware", {"requestId": 1, "firmware": firmware})
    await station.status("Unavailable", connector=2)
    await station.call("Reset", {"type": "OnIdle"})
    await charger.does("stopSession")

    await station.receives("BootNotification", 2)
    await station.until(lambda s: _last_of_firmware(s) == "Installed")


async def test_an_update_that_is_cancelled_while_it_waits_for_a_transaction_is_not_installed(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    csms.heartbeat_s = 1
    charger, station = await booted(tenant, csms, version=version, connectors=2)
    await charger.does("startSession", idTag="TAG-1", connectorId=1)
    await station.receives("StartTransaction" if version is V16 else "TransactionEvent")
    await _update_firmware(station, 1, now())
    await station.status("Unavailable", connector=2)

    await _update_firmware(station, 2, "2099-01-01T00:00:00Z")
    await station.status("Available", connector=2)
    await charger.does("stopSession")
    await station.status("Available", connector=1)
    await station.receives("Heartbeat", len(station.sent("Heartbeat")) + 1)

    assert len(station.sent("BootNotification")) == 1


async def test_an_update_that_is_cancelled_leaves_its_successor_to_go_on(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)
    await charger.does("startSession", idTag="TAG-1", connectorId=1)
    await station.receives("StartTransaction" if version is V16 else "TransactionEvent")
    await _update_firmware(station, 1, now())
    await station.status("Unavailable", connector=2)

    await _update_firmware(station, 2, now())
    await charger.does("stopSession")
    await station.until(lambda s: _last_of_firmware(s) == "Installed")

    told = [payload["status"] for payload in station.sent("FirmwareStatusNotification")]
    until_reboot = ["Downloading", "Downloaded", "Installing", *([] if version is V16 else ["InstallRebooting"])]
    assert told == [*until_reboot, *until_reboot, "Installed"]


async def test_a_reset_still_waits_when_an_update_that_waited_beside_it_is_cancelled(
    tenant: Tenant, csms: Csms
) -> None:
    charger, station = await booted(tenant, csms, version=V201, connectors=2)
    await charger.does("startSession", idTag="TAG-1", connectorId=1)
    await station.receives("TransactionEvent", 2)
    await station.call("Reset", {"type": "OnIdle"})
    await _update_firmware(station, 1, now())
    await station.until(lambda s: _last_of_firmware(s) == "InstallRebooting")

    await _update_firmware(station, 2, "2099-01-01T00:00:00Z")
    await station.until(lambda s: _last_of_firmware(s) == "DownloadScheduled")
    assert station.last_status(connector=2) == "Unavailable"
    await charger.does("stopSession")

    assert (await station.receives("BootNotification", 2))["reason"] == "ScheduledReset"


async def test_chargers_that_a_client_resets_at_once_are_back_at_once(tenant: Tenant, csms: Csms) -> None:
    chargers = await deploy(tenant, csms.url, count=60)
    for charger in chargers:
        await csms.station(charger.identity)

    async with asyncio.TaskGroup() as resets:
        for charger in chargers:
            resets.create_task(charger.runtime("reset"))
        await csms.until(lambda: len(payloads(csms.stations.values(), "BootNotification")) == 120, "60 came back")


async def _update_firmware(station: Station, id: int, at: str) -> None:
    asked: Payload = {"requestId": id, "firmware": {"location": "https://example.org/fw.bin", "retrieveDateTime": at}}
    if station.version == "1.6":
        asked = {"location": "https://example.org/fw.bin", "retrieveDate": at}
    await station.call("UpdateFirmware", asked)


def _last_of_firmware(station: Station) -> str | None:
    told = station.sent("FirmwareStatusNotification")
    return str(told[-1]["status"]) if told else None
