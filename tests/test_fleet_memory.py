"""What a charger remembers when its power is cut, and what it makes of it when the power is back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from errors import Conflict
from fleet.memory import Memory
from storage.models import ChargePointConnector, Charger, OcppVersion, utc_now
from tests.support.chargers import Deployed, booted, eventually, remembering
from tests.support.csms import Csms, Station
from tests.support.gateway import Tenant, running_gateway

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1
OTHER = {V16: V201, V201: V16}


async def power_cut(charger: Deployed, station: Station) -> None:
    """Stops and starts a charger, and waits until it has booted again."""
    boots = len(station.sent("BootNotification"))
    await charger.runtime("stop")
    await charger.runtime("start")
    await station.receives("BootNotification", boots + 1)


async def test_an_interrupted_transaction_is_closed_with_what_was_measured(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    key = "MeterValueSampleInterval" if version is V16 else "SampledDataCtrlr__TxUpdatedInterval"
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**{key: 1}))
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: len(s.sent("MeterValues")) >= 1 or len(s.sent("TransactionEvent")) >= 3)

    await power_cut(charger, station)

    if version is V16:
        stop = await station.receives("StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 1)
        assert stop["meterStop"] == await _register(charger)
        return
    await station.until(lambda s: s.sent("TransactionEvent")[-1]["eventType"] == "Ended")
    events = station.sent("TransactionEvent")
    assert events[-1]["transactionInfo"]["stoppedReason"] == "PowerLoss"
    assert [event["seqNo"] for event in events] == list(range(len(events)))


async def test_a_command_that_comes_before_the_power_does_not_go_on_with_what_was_interrupted(
    tenant: Tenant, csms: Csms
) -> None:
    charger, station = await booted(tenant, csms, version=V201)
    await charger.does("startSession", idTag="TAG-1")
    await station.receives("TransactionEvent", 2)
    await charger.runtime("stop")
    row = await charger.row()

    await charger.update(desired_running=True)
    with pytest.raises(Conflict, match="starting"):
        await tenant.gateway.services.fleet.command(row, "ev_stops_energy", {})

    await station.until(lambda s: s.sent("TransactionEvent")[-1]["eventType"] == "Ended")
    assert len(station.sent("TransactionEvent")) == 3


async def test_the_cable_stays_in_and_the_meter_goes_on(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("startSession", idTag="TAG-1", targetEnergyKwh=0.001)
    await station.status("Charging", "Occupied")
    await station.status("Available")
    await charger.does("plugConnector")

    await power_cut(charger, station)
    await station.until(lambda s: s.last_status() in ("Preparing", "Occupied"))
    await charger.does("startTransaction", idTag="TAG-2")

    if version is V16:
        assert (await station.receives("StartTransaction", 2))["meterStart"] >= 1
    else:
        again = await station.until(
            lambda s: [e for e in s.sent("TransactionEvent") if e["eventType"] == "Started"][1:]
        )
        assert again[0]["meterValue"][0]["sampledValue"][0]["value"] >= 1


async def test_configuration_local_list_faults_and_availability_are_kept(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, connectors=3)
    entry = {"idTag": "MEMBER", "parentIdTag": "GROUP", "expiryDate": "2099-01-01T00:00:00Z"}
    await charger.does("setConfiguration", configuration=[{"key": "MeterValueSampleInterval", "value": "17"}])
    await charger.does("sendLocalList", "listVersion entriesReceived", listVersion=4, entries=[entry])
    await charger.does("injectFault", faultType="GroundFailure", connectorId=2)
    await station.call("ChangeAvailability", {"connectorId": 3, "type": "Inoperative"})

    await power_cut(charger, station)
    await station.receives("StatusNotification", 8)

    statuses = [(p["connectorId"], p["status"], p["errorCode"]) for p in station.sent("StatusNotification")[-3:]]
    assert statuses == [(1, "Available", "NoError"), (2, "Faulted", "GroundFailure"), (3, "Unavailable", "NoError")]
    assert await station.call("GetLocalListVersion") == {"listVersion": 4}
    read = await station.call("GetConfiguration", {"key": ["MeterValueSampleInterval"]})
    assert read["configurationKey"][0]["value"] == "17"


async def test_messages_that_could_not_be_sent_outlive_the_power(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await csms.stop()
    await charger.shows("connected", lambda connected: not connected)
    await charger.does("plugConnector")
    await charger.does("startTransaction", idTag="TAG-1")
    await charger.does("stopTransaction")
    await charger.runtime("stop")

    await csms.start()
    await charger.runtime("start")

    if version is V16:
        stop = await station.receives("StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1, "Local")
    else:
        await station.until(lambda s: [e["eventType"] for e in s.sent("TransactionEvent")][-1:] == ["Ended"])
        assert [event["seqNo"] for event in station.sent("TransactionEvent")] == [0, 1, 2]


async def test_what_began_in_one_version_is_dropped_when_the_charger_speaks_the_other(
    tenant: Tenant, csms: Csms, version: OcppVersion, caplog: pytest.LogCaptureFixture
) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)
    await csms.stop()
    await charger.shows("connected", lambda connected: not connected)
    for connector in (1, 2):
        await charger.does("plugConnector", connectorId=connector)
        await charger.does("startTransaction", idTag="TAG-1", connectorId=connector)
    await charger.does("stopTransaction")
    told = len(station.calls)

    await charger.update(ocpp_version=OTHER[version], updated_at=utc_now() + timedelta(seconds=1))
    await csms.start()
    await station.until(lambda s: len(s.calls) > told and s.last_status(2) in ("Finishing", "Occupied"))
    await charger.does("startTransaction", idTag="TAG-2", connectorId=1)
    await station.until(lambda s: s.actions()[-1] in ("StartTransaction", "TransactionEvent"))

    of_transactions = [call.payload for call in station.calls[told:] if "Transaction" in call.action]
    assert [payload.get("idTag") or payload["idToken"]["idToken"] for payload in of_transactions] == ["TAG-2"]
    assert f"of OCPP {version.value.removeprefix('OCPP')} are dropped" in caplog.text


async def test_chargers_run_again_when_the_gateway_does(csms: Csms, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'again.db'}"
    async with running_gateway(url, tmp_path) as gateway:
        tenant = gateway.tenant()
        charger, station = await booted(tenant, csms)
        stopped, _ = await booted(tenant, csms)
        await stopped.runtime("stop")

    await station.until(lambda s: not s.connected)
    async with running_gateway(url, tmp_path) as gateway:
        again = gateway.tenant(tenant.organization_id)
        await station.receives("BootNotification", 2)
        row = await eventually(Deployed(again, charger.id, charger.identity).row, lambda row: row.connected)

        assert row.runtime_status == "RUNNING"
        async with gateway.services.database.read(tenant.organization_id) as session:
            assert (await session.get_one(Charger, stopped.id)).runtime_status == "STOPPED"


async def test_a_car_that_takes_nothing_takes_nothing_after_a_cut_of_the_power(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")
    await charger.does("powerUpdate", powerW=0)
    await station.status("SuspendedEV")

    await power_cut(charger, station)
    await charger.does("startTransaction", idTag="TAG-2")

    await station.status("SuspendedEV")
    assert [p["status"] for p in station.sent("StatusNotification")].count("Charging") == 1


async def test_a_reservation_outlives_the_power(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    expiry = "2099-01-01T00:00:00Z"
    reservation = {"connectorId": 1, "expiryDate": expiry, "idTag": "GUEST", "reservationId": 3}
    assert await station.call("ReserveNow", reservation) == {"status": "Accepted"}

    await power_cut(charger, station)

    await station.status("Reserved")
    assert await station.call("CancelReservation", {"reservationId": 3}) == {"status": "Accepted"}


async def _register(charger: Deployed) -> int:
    """The meter's register on disk."""
    async with charger.tenant.gateway.services.database.read(charger.tenant.organization_id) as session:
        row = await session.get_one(Charger, charger.id)
        own = select(ChargePointConnector.meter_wh).where(ChargePointConnector.charge_point_id == row.charge_point_id)
        return (await session.execute(own)).scalar_one()


def test_what_is_to_be_kept_stays_as_it_was_however_long_the_database_takes() -> None:
    """A cut of the power would else find a message of the end beside a transaction that still runs."""
    memory = Memory(outbox=[{"kind": "start"}], keys={"HeartbeatInterval": "60"})

    kept = memory.to_json([])
    memory.outbox.append({"kind": "stop"})
    memory.keys["HeartbeatInterval"] = "300"

    assert kept == {"outbox": [{"kind": "start"}], "keys": {"HeartbeatInterval": "60"}}
