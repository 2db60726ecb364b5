"""The device model of 2.0.1: what a CSMS reads of it, sets in it and has reported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from storage.models import OcppVersion
from tests.support.chargers import booted
from tests.support.csms import Csms, Station
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V201 = OcppVersion.OCPP_2_0_1


async def test_variables_of_2_0_1_are_read_and_changed(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)

    def named(component: str, variable: str, **more: str) -> dict[str, object]:
        return {"component": {"name": component}, "variable": {"name": variable}, **more}

    written = await station.call(
        "SetVariables",
        {
            "setVariableData": [
                named("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="123"),
                named("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="often"),
                named("OCPPCommCtrlr", "Colour", attributeValue="blue"),
                named("Kettle", "Colour", attributeValue="blue"),
                named("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="5", attributeType="Target"),
            ]
        },
    )
    read = await station.call("GetVariables", {"getVariableData": [named("OCPPCommCtrlr", "HeartbeatInterval")]})

    assert [result["attributeStatus"] for result in written["setVariableResult"]] == [
        "Accepted", "Rejected", "UnknownVariable", "UnknownComponent", "NotSupportedAttributeType",
    ]  # fmt: skip
    assert read["getVariableResult"][0]["attributeValue"] == "123"


async def test_a_base_report_comes_in_parts_that_count(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)

    answer = await station.call("GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"})
    await station.until(lambda s: s.sent("NotifyReport") and not s.sent("NotifyReport")[-1]["tbc"])

    reports = station.sent("NotifyReport")
    assert answer == {"status": "Accepted"}
    assert [report["seqNo"] for report in reports] == list(range(len(reports)))
    assert {report["requestId"] for report in reports} == {5}
    names = {f"{item['component']['name']}.{item['variable']['name']}" for r in reports for item in r["reportData"]}
    assert {"OCPPCommCtrlr.HeartbeatInterval", "ChargingStation.Model"} <= names


async def test_the_inventory_has_every_evse_and_connector(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201, connectors=2)
    await charger.does("plugConnector", connectorId=2)

    items = await _reported(station, "GetBaseReport", reportBase="FullInventory")

    own = {_address(item): item["variableAttribute"][0]["value"] for item in items if "evse" in item["component"]}
    assert own == {
        **_of_connector(1, "Available"),
        **_of_connector(2, "Occupied"),
    }
    power = next(item for item in items if _address(item) == ("EVSE", 1, None, "Power"))
    assert power["variableCharacteristics"] == {
        "dataType": "decimal", "unit": "W", "maxLimit": 22_000, "supportsMonitoring": False,
    }  # fmt: skip
    of_station = {i["variable"]["name"]: i for i in items if i["component"] == {"name": "ChargingStation"}}
    assert of_station["AvailabilityState"]["variableAttribute"][0]["value"] == "Available"


def _of_connector(number: int, state: str) -> dict[tuple[Any, ...], str]:
    shared = {"AvailabilityState": state, "Available": "true", "SupplyPhases": "3"}
    evse, connector = {**shared, "Power": "0"}, {**shared, "ConnectorType": "sType2"}
    return {("EVSE", number, None, name): value for name, value in evse.items()} | {
        ("Connector", number, 1, name): value for name, value in connector.items()
    }


async def test_the_station_tells_its_time_and_that_it_has_no_certificates(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)
    time = {"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}}
    certificates = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "CertificateEntries"}}

    read = await station.call("GetVariables", {"getVariableData": [time, certificates]})

    at, entries = (result["attributeValue"] for result in read["getVariableResult"])
    assert datetime.fromisoformat(at).tzinfo is not None
    assert entries == "0"


async def test_the_summary_tells_who_can_charge(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)

    items = await _reported(station, "GetBaseReport", reportBase="SummaryInventory")

    assert [_address(item) for item in items] == [
        ("ChargingStation", None, None, "AvailabilityState"),
        ("EVSE", 1, None, "AvailabilityState"),
        ("Connector", 1, 1, "AvailabilityState"),
    ]


async def test_a_report_covers_what_it_does_not_narrow(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201, connectors=2)
    all_of_them = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}}
    one = {"component": {"name": "Connector", "evse": {"id": 2}}, "variable": {"name": "ConnectorType"}}

    items = await _reported(station, "GetReport", componentVariable=[all_of_them, one])

    assert [_address(item) for item in items] == [
        ("EVSE", 1, None, "Power"), ("EVSE", 2, None, "Power"), ("Connector", 2, 1, "ConnectorType"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("component", "variable", "status", "value"),
    [
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "SupplyPhases"}, "Accepted", "3"),
        ({"name": "evse", "evse": {"id": 1}}, {"name": "supplyphases"}, "Accepted", "3"),
        ({"name": "Connector", "evse": {"id": 1, "connectorId": 1}}, {"name": "ConnectorType"}, "Accepted", "sType2"),
        ({"name": "Connector", "evse": {"id": 1}}, {"name": "ConnectorType"}, "UnknownComponent", None),
        ({"name": "EVSE", "evse": {"id": 9}}, {"name": "Power"}, "UnknownComponent", None),
        ({"name": "EVSE"}, {"name": "Power"}, "UnknownComponent", None),
        ({"name": "TxCtrlr", "evse": {"id": 1}}, {"name": "EVConnectionTimeOut"}, "UnknownComponent", None),
        ({"name": "TxCtrlr", "instance": "x"}, {"name": "EVConnectionTimeOut"}, "UnknownComponent", None),
        ({"name": "TxCtrlr"}, {"name": "EVConnectionTimeOut", "instance": "x"}, "UnknownVariable", None),
        ({"name": "OCPPCommCtrlr"}, {"name": "MessageAttempts", "instance": "TransactionEvent"}, "Accepted", "3"),
        ({"name": "OCPPCommCtrlr"}, {"name": "MessageAttempts"}, "UnknownVariable", None),
    ],
)
async def test_a_variable_is_meant_with_its_evse_and_its_instance(
    tenant: Tenant, csms: Csms, component: dict[str, Any], variable: dict[str, Any], status: str, value: str | None
) -> None:
    _, station = await booted(tenant, csms, version=V201)
    item = {"component": component, "variable": variable}

    [read] = (await station.call("GetVariables", {"getVariableData": [item]}))["getVariableResult"]
    written = await station.call("SetVariables", {"setVariableData": [{**item, "attributeValue": "4"}]})

    assert (read["attributeStatus"], read.get("attributeValue")) == (status, value)
    is_writable = variable["name"] == "MessageAttempts" and status == "Accepted"
    expected = "Accepted" if is_writable else status.replace("Accepted", "Rejected")
    assert written["setVariableResult"] == [{**item, "attributeStatus": expected}]


def _address(item: dict[str, Any]) -> tuple[Any, ...]:
    """Component, EVSE, connector and variable."""
    evse = item["component"].get("evse", {})
    return item["component"]["name"], evse.get("id"), evse.get("connectorId"), item["variable"]["name"]


async def _reported(station: Station, action: str, **asked: Any) -> list[dict[str, Any]]:
    """All that a report lists."""
    assert await station.call(action, {"requestId": 5, **asked}) == {"status": "Accepted"}
    await station.until(lambda s: s.sent("NotifyReport") and not s.sent("NotifyReport")[-1]["tbc"])
    return [item for report in station.sent("NotifyReport") for item in report["reportData"]]
