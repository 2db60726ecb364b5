"""Chargers connect, boot, beat and come back, against a real socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.models import EvseStatus, OcppVersion
from tests.support.chargers import booted, deploy, eventually
from tests.support.csms import ACCEPT, SILENCE, CallError, Csms, now, recording_csms, reply
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE


def registration(status: str, interval: int) -> dict[str, object]:
    return {"status": status, "interval": interval, "currentTime": now()}


async def test_a_charger_boots_and_reports_each_connector(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)

    of_whole = ["StatusNotification"] if version is OcppVersion.OCPP_1_6 else []
    assert station.actions() == ["BootNotification", *of_whole, "StatusNotification", "StatusNotification"]
    assert [station.last_status(1), station.last_status(2)] == ["Available", "Available"]
    await charger.shows("connected", bool)
    assert await charger.shows("runtime_status", lambda status: status == "RUNNING")
    assert (await charger.row()).last_seen_at is not None


@ONE_DATABASE
async def test_a_1_6_charger_reports_itself_as_connector_0(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, connectors=2)
    first = next(call.payload for call in station.calls if call.action == "StatusNotification")

    await station.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    await station.status("Unavailable", connector=1)
    await station.call("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    await station.until(lambda s: len(s.statuses_of_whole()) == 2)
    await station.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
    await station.until(lambda s: len(s.statuses_of_whole()) == 3)
    await charger.does("injectFault", faultType="GroundFault")
    await station.until(lambda s: len(s.statuses_of_whole()) == 4)
    fault = station.calls[-1].payload
    await charger.does("clearFault", connectorId=1)
    await station.until(lambda s: len(s.statuses_of_whole()) == 5)

    assert (first["connectorId"], first["errorCode"]) == (0, "NoError")
    assert station.statuses_of_whole() == ["Available", "Unavailable", "Available", "Faulted", "Available"]
    assert (fault["connectorId"], fault["errorCode"]) == (0, "GroundFailure")


@ONE_DATABASE
async def test_a_2_0_1_station_reports_its_connectors_only(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=OcppVersion.OCPP_2_0_1)

    await station.call("ChangeAvailability", {"operationalStatus": "Inoperative"})
    await station.status("Unavailable")

    assert [payload["evseId"] for payload in station.sent("StatusNotification")] == [1, 1]


@ONE_DATABASE
async def test_what_a_charger_says_of_itself_at_boot(tenant: Tenant, csms: Csms) -> None:
    _, old = await booted(tenant, csms)
    _, new = await booted(tenant, csms, version=OcppVersion.OCPP_2_0_1)

    assert old.sent("BootNotification")[0]["chargePointVendor"] == "Acme"
    assert new.sent("BootNotification")[0]["reason"] == "PowerUp"
    assert new.sent("BootNotification")[0]["chargingStation"]["model"] == "Model S"


async def test_heartbeats_keep_the_interval_that_the_csms_gave(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    csms.heartbeat_s = 1
    key = "HeartbeatInterval" if version is OcppVersion.OCPP_1_6 else "OCPPCommCtrlr.HeartbeatInterval"

    charger, station = await booted(tenant, csms, version=version)
    await station.receives("Heartbeat")

    await eventually(charger.memory, lambda memory: memory["keys"].get(key) == "1")


@ONE_DATABASE
async def test_heartbeats_do_not_queue_behind_an_answer_that_takes_longer_than_their_interval(
    tenant: Tenant, csms: Csms
) -> None:
    csms.heartbeat_s, csms.behaviours["Heartbeat"] = 1, reply(SILENCE, ACCEPT)
    charger, station = await booted(tenant, csms)
    await station.receives("Heartbeat")
    expiry = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    reservation = {"connectorId": 1, "expiryDate": expiry, "idTag": "TAG-1", "reservationId": 1}

    await station.call("ReserveNow", reservation)
    await eventually(charger.ocpp_status, lambda status: status == "Reserved")
    await eventually(charger.ocpp_status, lambda status: status == "Available")
    await station.hears("Heartbeat", {"currentTime": now()})
    await station.receives("StatusNotification", 3)

    assert len(station.sent("Heartbeat")) <= 2


@ONE_DATABASE
async def test_a_charger_that_is_not_accepted_says_nothing_but_boots_again(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    pending, rejected, accepted = (registration(s, 1) for s in ("Pending", "Rejected", "Accepted"))
    csms.behaviours["BootNotification"] = reply(pending, rejected, accepted)

    [charger] = await deploy(tenant, csms.url, version=version)
    station = await csms.station(charger.identity)
    await station.receives("StatusNotification")

    of_whole = ["StatusNotification"] if version is OcppVersion.OCPP_1_6 else []
    assert station.actions() == ["BootNotification"] * 3 + of_whole + ["StatusNotification"]


@ONE_DATABASE
async def test_a_boot_that_the_csms_asks_for_takes_the_place_of_the_next(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    csms.behaviours["BootNotification"] = reply(registration("Pending", 1), registration("Accepted", 2))
    [charger] = await deploy(tenant, csms.url, version=version)
    station = await csms.station(charger.identity)

    await station.call("TriggerMessage", {"requestedMessage": "BootNotification"})
    await station.receives("Heartbeat")

    assert len(station.sent("BootNotification")) == 2


async def test_a_negative_interval_is_no_reason_to_boot_at_once(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    csms.behaviours["BootNotification"] = reply(registration("Pending", -1))

    [charger] = await deploy(tenant, csms.url, version=version)
    station = await csms.station(charger.identity)
    await eventually(charger.registration, lambda status: status == "Pending")
    for _ in range(50):
        await station.call("ClearCache")

    assert station.actions() == ["BootNotification"]


async def test_a_charger_reconnects_when_the_csms_comes_back(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)

    await csms.stop()
    await charger.shows("connected", lambda connected: not connected)
    await csms.start()

    await station.receives("BootNotification", 2)
    await charger.shows("connected", bool)


async def test_a_csms_that_cannot_be_reached_leaves_the_charger_running_and_trying(tenant: Tenant, csms: Csms) -> None:
    await csms.stop()

    [charger] = await deploy(tenant, csms.url)
    await charger.shows("runtime_status", lambda status: status == "RUNNING")
    assert not (await charger.row()).connected
    await csms.start()

    await (await csms.station(charger.identity)).receives("StatusNotification")


@ONE_DATABASE
async def test_a_server_that_does_not_speak_the_version_is_not_a_csms(tenant: Tenant, csms: Csms) -> None:
    csms.subprotocols = ["ocpp2.0.1"]

    [charger] = await deploy(tenant, csms.url, version=OcppVersion.OCPP_1_6)
    await csms.until(lambda: (s := csms.stations.get(charger.identity)) and s.connections > 1, "a second attempt")

    assert csms.stations[charger.identity].calls == []


async def test_an_evse_shows_its_ocpi_status_and_is_unknown_without_a_connection(tenant: Tenant, csms: Csms) -> None:
    charger, _ = await booted(tenant, csms)

    await charger.evse_shows(EvseStatus.AVAILABLE)
    await csms.stop()

    await charger.evse_shows(EvseStatus.UNKNOWN)


@ONE_DATABASE
async def test_a_boot_that_the_csms_refuses_is_not_the_end(tenant: Tenant, csms: Csms) -> None:
    csms.behaviours["BootNotification"] = reply(CallError("InternalError", "try later"))

    [charger] = await deploy(tenant, csms.url)
    station = await csms.station(charger.identity)
    csms.behaviours.clear()
    await station.hang_up()

    await station.receives("StatusNotification")


async def test_a_changed_url_moves_a_charger_to_its_new_csms(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)

    async with recording_csms() as other:
        await charger.update(ws_url=other.url)
        await (await other.station(charger.identity)).receives("StatusNotification")

    await station.until(lambda s: not s.connected)


@ONE_DATABASE
async def test_a_token_that_waits_for_its_cable_does_not_outlive_a_change_of_the_csms(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    if version is OcppVersion.OCPP_1_6:
        await station.call("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    else:
        token = {"idToken": "TAG-1", "type": "Central"}
        await station.call("RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": 1})
    await station.status("Preparing", "Occupied")

    async with recording_csms() as other:
        await charger.update(ws_url=other.url)
        moved = await other.station(charger.identity)
        await moved.status("Available")
        await charger.does("plugConnector")
        await moved.status("Preparing", "Occupied")
        await moved.call("ClearCache")

    assert not moved.sent("StartTransaction") and not moved.sent("TransactionEvent")


@ONE_DATABASE
async def test_a_hundred_chargers_share_one_process(tenant: Tenant, csms: Csms) -> None:
    chargers = await deploy(tenant, csms.url, count=100)

    await csms.until(
        lambda: sum(len(s.sent("StatusNotification")) for s in csms.stations.values()) >= 100, "a hundred boots"
    )

    assert set(csms.stations) == {charger.identity for charger in chargers}


@ONE_DATABASE
async def test_a_csms_that_stops_answering_is_left_and_tried_anew(
    tenant: Tenant, csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.link.CALL_TIMEOUT_S", 1.0)
    csms.heartbeat_s = 1
    _, station = await booted(tenant, csms)

    csms.behaviours["Heartbeat"] = reply(SILENCE)
    await station.receives("BootNotification", 2)

    assert station.connections == 2


@ONE_DATABASE
async def test_the_ids_of_messages_are_never_used_twice(tenant: Tenant, csms: Csms) -> None:
    csms.heartbeat_s = 1
    _, station = await booted(tenant, csms)
    await station.receives("Heartbeat", 2)
    await station.hang_up()
    await station.receives("StatusNotification", 2)

    ids = [call.id for call in station.calls]

    assert len(set(ids)) == len(ids) >= 6
