"""When chargers report their meters and their statuses, and what the end of a transaction says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from storage.models import OcppVersion
from tests.support.chargers import Deployed, booted, eventually, remembering
from tests.support.csms import Csms, Station
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1

BY_THE_CLOCK = {
    V16: {"ClockAlignedDataInterval": 1, "MeterValuesAlignedData": "Energy.Active.Import.Register,Voltage"},
    V201: {"AlignedDataCtrlr__Interval": 1, "AlignedDataCtrlr__Measurands": "Energy.Active.Import.Register,Voltage"},
}
AT_THE_END = {
    V16: {"MeterValueSampleInterval": 1, "StopTxnSampledData": "Energy.Active.Import.Register"},
    V201: {
        "SampledDataCtrlr__TxEndedInterval": 1,
        "SampledDataCtrlr__TxEndedMeasurands": "Energy.Active.Import.Register",
    },
}


def sampled(values: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Context and measurand of every reading."""
    return [(sample["context"], sample["measurand"]) for value in values for sample in value["sampledValue"]]


def samples(station: Station, action: str) -> list[tuple[str, str]]:
    return sampled([value for payload in station.sent(action) for value in payload.get("meterValue", [])])


async def charging(charger: Deployed, station: Station) -> None:
    """Starts a session and waits until energy flows."""
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: s.last_status() == "Charging" or len(s.sent("TransactionEvent")) >= 2)


async def beat(station: Station) -> None:
    """Has everything answered that was sent before: one call is under way at a time."""
    beats = len(station.sent("Heartbeat"))
    await station.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    await station.receives("Heartbeat", beats + 1)


async def test_an_idle_connector_is_metered_by_the_clock(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    _, station = await booted(tenant, csms, version=version, memory=remembering(**BY_THE_CLOCK[version]))

    message = await station.receives("MeterValues")

    assert message["connectorId" if version is V16 else "evseId"] == 1
    assert "transactionId" not in message
    assert sampled(message["meterValue"]) == [
        ("Sample.Clock", "Energy.Active.Import.Register"), ("Sample.Clock", "Voltage"),
    ]  # fmt: skip
    assert datetime.fromisoformat(message["meterValue"][0]["timestamp"]).microsecond < 500_000


async def test_a_transaction_is_metered_by_the_clock(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**BY_THE_CLOCK[version]))
    await charging(charger, station)

    if version is V16:
        await station.until(lambda s: any("transactionId" in p for p in s.sent("MeterValues")))
        in_transaction = [p for p in station.sent("MeterValues") if "transactionId" in p]
        assert {p["transactionId"] for p in in_transaction} == {1}
        assert {context for p in in_transaction for context, _ in sampled(p["meterValue"])} == {"Sample.Clock"}
        return
    await station.until(lambda s: "MeterValueClock" in [p["triggerReason"] for p in s.sent("TransactionEvent")])
    clock = [p for p in station.sent("TransactionEvent") if p["triggerReason"] == "MeterValueClock"]
    assert {context for p in clock for context, _ in sampled(p["meterValue"])} == {"Sample.Clock"}


async def test_the_clock_can_be_left_to_idle_stations(tenant: Tenant, csms: Csms) -> None:
    memory = remembering(**BY_THE_CLOCK[V201], AlignedDataCtrlr__SendDuringIdle="true")
    charger, station = await booted(tenant, csms, version=V201, memory=memory, connectors=2)

    await charging(charger, station)
    before = len(station.sent("MeterValues"))
    await charger.does("stopSession")
    await station.receives("MeterValues", before + 1)

    assert "MeterValueClock" not in [event["triggerReason"] for event in station.sent("TransactionEvent")]


async def test_a_setting_that_stays_as_it_was_holds_up_no_timer(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    """Each change comes before the timers are due: they never would be, were they to begin anew."""
    csms.heartbeat_s = 1
    key = "MeterValueSampleInterval" if version is V16 else "SampledDataCtrlr.TxUpdatedInterval"
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**{key: 1}))
    await charging(charger, station)

    async def told() -> tuple[bool, bool]:
        for name, value in (("Colour", "blue"), (key, "1"), (key, "often")):
            await _configure(station, name, value)
        registers = samples(station, "MeterValues") + samples(station, "TransactionEvent")
        return bool(station.sent("Heartbeat")), "Sample.Periodic" in [context for context, _ in registers]

    await eventually(told, lambda told: told == (True, True))


async def _configure(station: Station, name: str, value: str) -> None:
    if station.version == "1.6":
        await station.call("ChangeConfiguration", {"key": name, "value": value})
        return
    component, _, variable = name.rpartition(".")
    wanted = {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
    await station.call("SetVariables", {"setVariableData": [wanted]})


async def values_at_the_end(station: Station, version: OcppVersion) -> list[dict[str, Any]]:
    """The meter values of the message that ends a transaction."""
    if version is V16:
        values = (await station.receives("StopTransaction"))["transactionData"]
    else:
        await station.until(lambda s: s.sent("TransactionEvent")[-1]["eventType"] == "Ended")
        values = station.sent("TransactionEvent")[-1]["meterValue"]
    return list(values)


async def test_the_end_of_a_transaction_has_its_samples_from_first_to_last(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    memory = remembering(**AT_THE_END[version])
    charger, station = await booted(tenant, csms, version=version, memory=memory)
    await charging(charger, station)
    await charger.periodic_samples(1)

    await charger.does("stopSession")

    values = await values_at_the_end(station, version)
    contexts = [context for context, _ in sampled(values)]
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")
    assert set(contexts[1:-1]) == {"Sample.Periodic"}
    registers = [float(value["sampledValue"][0]["value"]) for value in values]
    assert registers == sorted(registers)
    assert [value["timestamp"] for value in values] == sorted(value["timestamp"] for value in values)


async def test_a_transaction_of_1_6_ends_without_samples_unless_they_are_configured(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await charging(charger, station)

    await charger.does("stopSession")

    assert "transactionData" not in await station.receives("StopTransaction")


async def test_the_samples_of_a_transaction_outlive_a_cut_of_the_power(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**AT_THE_END[version]))
    await charging(charger, station)
    await charger.periodic_samples(1)

    await charger.runtime("stop")
    await charger.runtime("start")

    values = await values_at_the_end(station, version)
    contexts = [context for context, _ in sampled(values)]
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")
    assert contexts.count("Transaction.End") == 1


async def test_no_measurands_are_no_meter_values(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    names = {V16: "MeterValuesSampledData", V201: "SampledDataCtrlr__TxUpdatedMeasurands"}
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**{names[version]: ""}))

    await charging(charger, station)
    await charger.does("stopSession")
    await station.status("Available")

    assert station.sent("MeterValues") == []
    assert all("meterValue" not in e for e in station.sent("TransactionEvent") if e["eventType"] == "Updated")


async def test_a_status_is_sent_once_however_often_it_is_reached(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)

    await charger.does("injectFault", faultType="GroundFailure")
    await charger.does("injectFault", faultType="OverCurrent")
    await charger.does("clearFault")
    await station.status("Available")

    statuses = [payload["connectorStatus"] for payload in station.sent("StatusNotification")]
    assert statuses == ["Available", "Faulted", "Available"]


async def test_a_status_that_does_not_last_is_not_sent(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, memory=remembering(MinimumStatusDuration=1))

    await charger.does("plugConnector")
    await charger.does("unplugConnector")
    await charger.does("injectFault", faultType="GroundFailure")
    await station.status("Faulted")

    assert [p["status"] for p in station.sent("StatusNotification")] == ["Available", "Faulted"]


async def test_a_reconnect_in_a_transaction_tells_only_the_statuses_that_changed(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)
    await charging(charger, station)
    await beat(station)
    told = len(station.sent("StatusNotification"))

    await csms.stop()
    await charger.shows("connected", lambda connected: not connected)
    await charger.does("plugConnector", connectorId=2)
    await csms.start()
    await station.status("Preparing", "Occupied", connector=2)
    await beat(station)

    key = "connectorId" if version is V16 else "evseId"
    assert [payload[key] for payload in station.sent("StatusNotification")[told:]] == [2]
    assert len(station.sent("BootNotification")) == 1


async def test_a_station_that_was_offline_for_long_tells_every_status(tenant: Tenant, csms: Csms) -> None:
    memory = remembering(OCPPCommCtrlr__OfflineThreshold=0)
    charger, station = await booted(tenant, csms, version=V201, connectors=2, memory=memory)
    await charging(charger, station)
    await beat(station)
    told = len(station.sent("StatusNotification"))

    await station.hang_up()
    await station.receives("StatusNotification", told + 2)

    assert [p["evseId"] for p in station.sent("StatusNotification")[told:]] == [1, 2]
