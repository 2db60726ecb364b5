"""Charging as drivers, cars and the CSMS do it, seen by the CSMS, in both versions of OCPP."""

from __future__ import annotations

import pytest

from storage.models import EvseStatus, OcppVersion
from tests.support.chargers import asked_power, booted, eventually, remembering
from tests.support.csms import SILENCE, CallError, Csms, Station, reply
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1


def events(station: Station) -> list[tuple[str, str]]:
    """Type and trigger of every TransactionEvent."""
    return [(event["eventType"], event["triggerReason"]) for event in station.sent("TransactionEvent")]


def invalid(version: OcppVersion) -> dict[str, object]:
    return {"idTagInfo" if version is V16 else "idTokenInfo": {"status": "Invalid"}}


async def test_a_session_of_a_1_6_charger_from_plug_to_unplug(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)

    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")
    await charger.evse_shows(EvseStatus.CHARGING)
    await charger.does("stopSession")
    stop = await station.receives("StopTransaction")
    await station.status("Available")

    assert [p["status"] for p in station.sent("StatusNotification")] == [
        "Available", "Preparing", "Charging", "Finishing", "Available",
    ]  # fmt: skip
    assert station.sent("Authorize") == [{"idTag": "TAG-1"}]
    start = station.sent("StartTransaction")[0]
    assert (start["connectorId"], start["idTag"], start["meterStart"]) == (1, "TAG-1", 0)
    assert (stop["transactionId"], stop["reason"], stop["idTag"]) == (1, "Local", "TAG-1")


async def test_a_session_of_a_2_0_1_charging_station(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)

    await charger.does("startSession", idTag="TAG-1")
    await station.receives("TransactionEvent", 2)
    await charger.does("stopSession")
    ended = await station.receives("TransactionEvent", 3)
    await station.status("Available")

    assert events(station) == [
        ("Started", "Authorized"), ("Updated", "ChargingStateChanged"), ("Ended", "StopAuthorized"),
    ]  # fmt: skip
    sent = station.sent("TransactionEvent")
    assert [event["seqNo"] for event in sent] == [0, 1, 2]
    assert sent[0]["idToken"] == {"idToken": "TAG-1", "type": "ISO14443"}
    assert sent[1]["transactionInfo"]["chargingState"] == "Charging"
    assert (ended["transactionInfo"]["stoppedReason"], ended["transactionInfo"]["chargingState"]) == (
        "Local",
        "EVConnected",
    )
    assert [p["connectorStatus"] for p in station.sent("StatusNotification")] == ["Available", "Occupied", "Available"]


async def test_a_token_that_is_refused_starts_nothing(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    csms.behaviours["Authorize"] = reply(invalid(version))
    charger, station = await booted(tenant, csms, version=version)

    await charger.does("startSession", idTag="STRANGER")
    await station.receives("Authorize")
    assert await charger.refuses("stopSession") == "Connector 1 has no transaction."

    assert station.sent("StartTransaction") == station.sent("TransactionEvent") == []


async def test_a_transaction_that_the_csms_does_not_accept_stops_before_energy_flows(
    tenant: Tenant, csms: Csms
) -> None:
    csms.behaviours["StartTransaction"] = reply({"transactionId": 7, "idTagInfo": {"status": "Blocked"}})
    charger, station = await booted(tenant, csms)

    await charger.does("plugConnector")
    await charger.does("startTransaction", idTag="TAG-1")
    stop = await station.receives("StopTransaction")
    await station.status("Finishing")

    assert (stop["transactionId"], stop["reason"], stop["meterStop"]) == (7, "DeAuthorized", 0)
    assert "Charging" not in [p["status"] for p in station.sent("StatusNotification")]


async def test_meter_values_come_at_the_configured_interval_and_grow(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    key = "MeterValueSampleInterval" if version is V16 else "SampledDataCtrlr.TxUpdatedInterval"
    await charger.does("setConfiguration", configuration=[{"key": key, "value": "1"}])

    await charger.does("startSession", idTag="TAG-1")
    registers = await station.until(lambda s: len(found := _registers(s)) >= 2 and found)

    assert registers[0] < registers[1]


def _registers(station: Station) -> list[float]:
    """The energy registers of the periodic samples."""
    values = [v for p in station.sent("MeterValues") + station.sent("TransactionEvent") for v in p["meterValue"]]
    sampled = [sample for value in values for sample in value["sampledValue"]]
    return [
        float(sample["value"])
        for sample in sampled
        if sample["measurand"] == "Energy.Active.Import.Register" and sample["context"] == "Sample.Periodic"
    ]


async def test_a_session_ends_by_itself_when_its_energy_has_flowed(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)

    await charger.does("startSession", idTag="TAG-1", targetEnergyKwh=0.002)
    await station.status("Charging", "Occupied")
    await station.status("Available")

    if version is V16:
        [stop] = station.sent("StopTransaction")
        assert stop["meterStop"] - station.sent("StartTransaction")[0]["meterStart"] == 2
    else:
        assert station.sent("TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "EnergyLimitReached"


async def test_a_session_ends_by_itself_when_its_time_is_up(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)

    await charger.does("startSession", idTag="TAG-1", durationSeconds=1)
    await station.status("Occupied")
    await station.status("Available")

    assert events(station)[-1] == ("Ended", "TimeLimitReached")


async def test_a_car_that_takes_no_energy_is_suspended_and_can_go_on(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: _states(s)[-1:] == ["Charging"])

    await charger.does("evStopsEnergy")
    await station.until(lambda s: _states(s)[-1:] == ["SuspendedEV"])
    await charger.does("evRequestsEnergy")
    await station.until(lambda s: _states(s)[-1:] == ["Charging"])


def _states(station: Station) -> list[str]:
    """The charging states: statuses in 1.6, those of transactions in 2.0.1."""
    if station.version == "1.6":
        return [p["status"] for p in station.sent("StatusNotification")]
    return [p["transactionInfo"]["chargingState"] for p in station.sent("TransactionEvent")]


async def test_pulling_the_cable_ends_the_transaction(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: _states(s)[-1:] == ["Charging"])

    await charger.does("unplugConnector")

    if version is V16:
        assert (await station.receives("StopTransaction"))["reason"] == "EVDisconnected"
    else:
        await station.receives("TransactionEvent", 3)
        info = station.sent("TransactionEvent")[-1]["transactionInfo"]
        assert (info["stoppedReason"], info["chargingState"]) == ("EVDisconnected", "Idle")
    await station.status("Available")


async def test_a_remote_start_waits_for_the_cable(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version)
    if version is V16:
        answer = await station.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1})
    else:
        token = {"idToken": "REMOTE", "type": "Central"}
        answer = await station.call("RequestStartTransaction", {"idToken": token, "remoteStartId": 42, "evseId": 1})
    await station.status("Preparing", "Occupied")

    await charger.does("plugConnector")
    await station.until(lambda s: _states(s)[-1:] == ["Charging"])

    assert answer == {"status": "Accepted"}
    if version is V201:
        started = station.sent("TransactionEvent")[0]
        assert started["transactionInfo"]["remoteStartId"] == 42
        assert started["triggerReason"] == "RemoteStart"


@pytest.mark.parametrize("verdict", ["Accepted", "Invalid"])
async def test_a_cable_that_comes_before_the_verdict_waits_for_it(
    tenant: Tenant, csms: Csms, version: OcppVersion, verdict: str
) -> None:
    csms.behaviours["Authorize"] = reply(SILENCE)
    charger, station = await booted(tenant, csms, version=version)
    await _remote_start(station)
    await station.receives("Authorize")

    await charger.does("plugConnector")
    early = await charger.refuses("stopTransaction")
    await station.hears("Authorize", {"idTagInfo" if version is V16 else "idTokenInfo": {"status": verdict}})
    await station.call("ClearCache")

    assert early == "Connector 1 has no transaction."
    if verdict == "Accepted":
        await station.until(lambda s: _states(s)[-1:] == ["Charging"])
    else:
        assert await charger.refuses("stopTransaction") == "Connector 1 has no transaction."


async def test_a_remote_start_that_nobody_follows_up_times_out(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    key = "ConnectionTimeOut" if version is V16 else "TxCtrlr__EVConnectionTimeOut"
    _, station = await booted(tenant, csms, version=version, memory=remembering(**{key: 1}))

    await _remote_start(station)
    await station.status("Preparing", "Occupied")

    await station.status("Available")


async def test_a_remote_stop_ends_the_transaction_and_leaves_the_cable_in(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: _states(s)[-1:] == ["Charging"])

    if version is V16:
        await station.call("RemoteStopTransaction", {"transactionId": 1})
        assert (await station.receives("StopTransaction"))["reason"] == "Remote"
        await station.status("Finishing")
    else:
        id = station.sent("TransactionEvent")[0]["transactionInfo"]["transactionId"]
        await station.call("RequestStopTransaction", {"transactionId": id})
        await station.until(lambda s: events(s)[-1] == ("Ended", "RemoteStop"))
        assert station.last_status() == "Occupied"


async def test_a_remote_stop_of_an_unknown_transaction_is_rejected(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version)

    if version is V16:
        answer = await station.call("RemoteStopTransaction", {"transactionId": 999})
    else:
        answer = await station.call("RequestStopTransaction", {"transactionId": "unknown"})

    assert answer == {"status": "Rejected"}


async def test_what_happened_offline_is_told_after_the_reconnect(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: _states(s)[-1:] == ["Charging"])

    await csms.stop()
    await charger.shows("connected", lambda connected: not connected)
    await charger.does("stopSession")
    await csms.start()

    if version is V16:
        assert (await station.receives("StopTransaction"))["transactionId"] == 1
    else:
        await station.until(lambda s: events(s)[-1] == ("Ended", "StopAuthorized"))
        assert station.sent("TransactionEvent")[-1]["offline"] is True
        assert [event["seqNo"] for event in station.sent("TransactionEvent")] == [0, 1, 2]


async def test_a_transaction_that_began_offline_is_delivered_whole_and_in_order(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await csms.stop()
    await charger.shows("connected", lambda connected: not connected)

    await charger.does("plugConnector")
    await charger.does("startTransaction", idTag="TAG-1")
    await charger.does("stopTransaction")
    await csms.start()

    if version is V16:
        stop = await station.receives("StopTransaction")
        assert stop["transactionId"] == 1
        assert station.actions().index("StartTransaction") < station.actions().index("StopTransaction")
    else:
        await station.until(lambda s: events(s) and events(s)[-1][0] == "Ended")
        assert next(kind for kind, _ in events(station)) == "Started"
        assert [event["seqNo"] for event in station.sent("TransactionEvent")] == [0, 1, 2]


async def test_a_reconnect_in_a_transaction_boots_no_second_time(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")

    await station.hang_up()
    await station.until(lambda s: s.connections == 2 and s.actions()[-1] == "StatusNotification")

    assert len(station.sent("BootNotification")) == 1


async def test_a_transaction_message_that_fails_is_tried_again(tenant: Tenant, csms: Csms) -> None:
    retry = remembering(TransactionMessageRetryInterval=1, TransactionMessageAttempts=2)
    charger, station = await booted(tenant, csms, memory=retry)
    accepted = {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}
    csms.behaviours["StartTransaction"] = reply(CallError("InternalError"), accepted)

    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")

    assert len(station.sent("StartTransaction")) == 2


async def test_a_power_limit_and_a_power_update_show_in_the_meter(tenant: Tenant, csms: Csms) -> None:
    memory = remembering(MeterValuesSampledData="Power.Active.Import")
    charger, station = await booted(tenant, csms, memory=memory, power_w=900)
    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")

    await charger.does("powerUpdate", powerW=300)
    await eventually(lambda: asked_power(station), lambda power_w: power_w == 300)
    await charger.does("powerUpdate", powerW=900_000)

    await eventually(lambda: asked_power(station), lambda power_w: power_w == 900)


async def test_a_transaction_that_outlives_the_cable_goes_on_with_the_next(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    key = "StopTransactionOnEVSideDisconnect" if version is V16 else "TxCtrlr__StopTxOnEVSideDisconnect"
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**{key: "false"}))
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: _states(s)[-1:] == ["Charging"])

    await charger.does("unplugConnector")
    await station.until(lambda s: _states(s)[-1:] == ["SuspendedEV"])
    await charger.does("plugConnector")

    await station.until(lambda s: _states(s)[-1:] == ["Charging"])


async def test_the_next_car_draws_what_it_wants(tenant: Tenant, csms: Csms) -> None:
    memory = remembering(MeterValuesSampledData="Power.Active.Import")
    charger, station = await booted(tenant, csms, memory=memory, power_w=900)
    await charger.does("startSession", idTag="TAG-1")
    await charger.does("powerUpdate", powerW=300)
    await charger.does("stopSession")
    await station.status("Available")

    await charger.does("startSession", idTag="TAG-2")
    await station.status("Charging")

    await eventually(lambda: asked_power(station), lambda power_w: power_w == 900)


async def test_a_session_whose_cable_is_out_can_be_stopped(tenant: Tenant, csms: Csms) -> None:
    memory = remembering(StopTransactionOnEVSideDisconnect="false")
    charger, station = await booted(tenant, csms, memory=memory)
    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")
    await charger.does("unplugConnector")

    await charger.does("stopSession")

    await station.status("Available")


async def _remote_start(station: Station) -> None:
    if station.version == "1.6":
        await station.call("RemoteStartTransaction", {"idTag": "REMOTE"})
    else:
        token = {"idToken": "REMOTE", "type": "Central"}
        await station.call("RequestStartTransaction", {"idToken": token, "remoteStartId": 1})
