"""Charging profiles: which are taken, and what they do to the meter, in both versions of OCPP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage.models import OcppVersion, utc_now
from tests.support.chargers import asked, asked_power, booted, eventually, remembering
from tests.support.csms import Csms, Station
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1

MEASURANDS = {V16: "MeterValuesSampledData", V201: "SampledDataCtrlr__TxUpdatedMeasurands"}


async def test_a_charging_profile_limits_the_meter_and_the_composite_schedule(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    memory = remembering(**{MEASURANDS[version]: "Power.Active.Import"})
    charger, station = await booted(tenant, csms, version=version, memory=memory, power_w=900)
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: s.last_status() == "Charging" or len(s.sent("TransactionEvent")) >= 2)

    assert await _set(station, _profile(500)) == "Accepted"
    await eventually(lambda: asked_power(station), lambda power_w: power_w == 500)
    assert await _set(station, _profile(0)) == "Accepted"
    await station.until(lambda s: _suspended(s))

    assert await _schedule(station, 1) == [{"startPeriod": 0, "limit": 0}]
    assert await station.call("ClearChargingProfile", {}) == {"status": "Accepted"}
    await eventually(lambda: asked_power(station), lambda power_w: power_w == 900)


async def test_a_schedule_of_2_0_1_begins_with_its_first_period(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)
    late = _request("2.0.1", _profile(4_000), 1)
    late["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]["startPeriod"] = 5

    answer = await station.call("SetChargingProfile", late)

    assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidSchedule"}}


async def test_charging_profiles_are_reported_as_they_came(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)
    sent = _request("2.0.1", _profile(4_000), 1)
    await station.call("SetChargingProfile", sent)

    criteria = {"chargingProfilePurpose": "TxDefaultProfile"}
    answer = await station.call("GetChargingProfiles", {"requestId": 8, "chargingProfile": criteria})
    report = await station.receives("ReportChargingProfiles")

    assert answer == {"status": "Accepted"}
    assert report["chargingProfile"] == [sent["chargingProfile"]]


async def test_a_profile_of_1_6_is_reported_once_the_charger_speaks_2_0_1(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    profile = _profile(4_000)
    assert await _set(station, profile) == "Accepted"

    await charger.update(ocpp_version=V201, updated_at=utc_now() + timedelta(seconds=1))
    await station.receives("StatusNotification", 2)
    answer = await station.call("GetChargingProfiles", {"requestId": 8, "chargingProfile": {"stackLevel": 1}})
    report = await station.receives("ReportChargingProfiles")

    assert answer == {"status": "Accepted"}
    assert report["chargingProfile"] == [_request("2.0.1", profile, 1)["chargingProfile"]]


async def test_a_full_store_of_profiles_takes_replacements_only(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version, connectors=2)
    places = [(level, connector) for connector in (1, 2) for level in range(10)]
    for id, (level, connector) in enumerate(places):
        assert await _set(station, _profile(1_000, id=id, level=level), connector) == "Accepted"

    answers = [
        await _set(station, _profile(2_000, id=19, level=9), 2),  # the same id
        await _set(station, _profile(2_000, id=99, level=9), 2),  # the same place
        await _set(station, _profile(2_000, id=100, level=10), 2),
    ]

    assert answers == ["Accepted", "Accepted", "Rejected"]


async def test_profiles_beyond_what_is_advertised_are_rejected(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version)

    answers = [
        await _set(station, _profile(1_000, level=10)),
        await _set(station, _profile(1_000, level=11)),
        await _set(station, _profile(1_000, periods=100)),
        await _set(station, _profile(1_000, periods=101)),
    ]

    assert answers == ["Accepted", "Rejected", "Accepted", "Rejected"]
    if version is V16:
        keys = ["ChargeProfileMaxStackLevel", "ChargingScheduleMaxPeriods", "MaxChargingProfilesInstalled"]
        read = await station.call("GetConfiguration", {"key": keys})
        assert [key["value"] for key in read["configurationKey"]] == ["10", "100", "20"]


async def test_a_remote_start_with_a_profile_that_is_not_taken_is_rejected(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms)
    profile = _request("1.6", _profile(1_000, level=11, chargingProfilePurpose="TxProfile"), 1)["csChargingProfiles"]

    answer = await station.call("RemoteStartTransaction", {"idTag": "REMOTE", "chargingProfile": profile})

    assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("connector_type", "power_w", "more", "offered_w", "volts"),
    [
        ("Type2", 22_000, {}, 2_760, 230),
        ("Type2", 22_000, {"numberPhases": 1}, 920, 230),
        ("Type2", 7_400, {}, 920, 230),
        ("CCS2", 50_000, {}, 2_000, 500),
        ("CCS2", 150_000, {}, 3_680, 920),
    ],
)
async def test_a_limit_in_amperes_is_what_the_meter_reads(
    tenant: Tenant,
    csms: Csms,
    connector_type: str,
    power_w: int,
    more: dict[str, int],
    offered_w: int,
    volts: int,
) -> None:
    memory = remembering(MeterValuesSampledData="Current.Import,Power.Offered,Power.Active.Import,Voltage")
    charger, station = await booted(tenant, csms, memory=memory, connector_type=connector_type, power_w=power_w)
    profile = _profile(4, unit="A")
    profile["chargingSchedule"]["chargingSchedulePeriod"] = [{"startPeriod": 0, "limit": 4, **more}]

    assert await _set(station, profile) == "Accepted"
    await charger.does("startSession", idTag="TAG-1")
    await station.receives("StartTransaction")

    expected = {"Current.Import": 4, "Power.Offered": offered_w, "Power.Active.Import": offered_w, "Voltage": volts}
    await eventually(lambda: asked(station), lambda readings: readings == expected)
    assert await _schedule(station, 1, unit="A") == [{"startPeriod": 0, "limit": 4, **more}]
    assert await _schedule(station, 1, unit="W") == [{"startPeriod": 0, "limit": offered_w, **more}]


async def test_connectors_share_what_the_station_may_draw(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    memory = remembering(**{MEASURANDS[version]: "Power.Active.Import,Power.Offered"})
    charger, station = await booted(tenant, csms, version=version, memory=memory, connectors=2)
    profile = _profile(1_000, chargingProfilePurpose="ChargePointMaxProfile", chargingProfileKind="Absolute")
    whole = {"Power.Active.Import": 1_000, "Power.Offered": 1_000}
    half = {"Power.Active.Import": 500, "Power.Offered": 500}

    assert await _set(station, profile, connector=0) == "Accepted"
    await charger.does("startSession", idTag="TAG-1", connectorId=1)
    await _started(station, 1)
    await eventually(lambda: asked(station, 1), lambda readings: readings == whole)
    await charger.does("startSession", idTag="TAG-2", connectorId=2)
    await _started(station, 2)
    await eventually(lambda: asked(station, 1), lambda readings: readings == half)
    await eventually(lambda: asked(station, 2), lambda readings: readings == half)
    assert await _schedule(station, 0) == [{"startPeriod": 0, "limit": 1_000}]
    assert await _schedule(station, 2) == [{"startPeriod": 0, "limit": 500}]

    await charger.does("stopSession", connectorId=1)

    await eventually(lambda: asked(station, 2), lambda readings: readings == whole)


async def test_the_schedule_of_the_station_is_not_that_of_a_connector(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, connectors=2)
    await _set(station, _profile(1_000), connector=1)

    assert await _schedule(station, 0) == [{"startPeriod": 0, "limit": 22_000}]


async def _started(station: Station, count: int) -> None:
    await station.until(
        lambda s: (
            count
            <= len(s.sent("StartTransaction") + [e for e in s.sent("TransactionEvent") if e["eventType"] == "Started"])
        )
    )


async def _schedule(station: Station, connector: int, unit: str = "W") -> Any:
    """The periods of the composite schedule."""
    wanted = {"connectorId" if station.version == "1.6" else "evseId": connector}
    asked = {**wanted, "duration": 600, "chargingRateUnit": unit}
    answer = await station.call("GetCompositeSchedule", asked)
    return (answer.get("chargingSchedule") or answer["schedule"])["chargingSchedulePeriod"]


def _suspended(station: Station) -> bool:
    if station.version == "1.6":
        return station.last_status() == "SuspendedEVSE"
    states = [event["transactionInfo"].get("chargingState") for event in station.sent("TransactionEvent")]
    return "SuspendedEVSE" in states


async def _set(station: Station, profile: dict[str, Any], connector: int = 1) -> str:
    """What the charger says to a profile."""
    answer = await station.call("SetChargingProfile", _request(station.version, profile, connector))
    return str(answer["status"])


def _request(version: str, profile: dict[str, Any], connector: int) -> dict[str, Any]:
    """A profile as each version writes it."""
    if version == "1.6":
        own = {"chargingProfileId" if name == "id" else name: value for name, value in profile.items()}
        return {"connectorId": connector, "csChargingProfiles": own}
    purpose = profile["chargingProfilePurpose"].replace("ChargePointMax", "ChargingStationMax")
    schedules = [{"id": 1, **profile["chargingSchedule"]}]
    return {
        "evseId": connector,
        "chargingProfile": {**profile, "chargingProfilePurpose": purpose, "chargingSchedule": schedules},
    }


def _profile(limit: float, *, id: int = 1, unit: str = "W", level: int = 1, periods: int = 1, **more: Any) -> Any:
    """A default profile with the same limit in each of its periods, which are an hour long."""
    listed = [{"startPeriod": 3_600 * number, "limit": limit} for number in range(periods)]
    return {
        "id": id,
        "stackLevel": level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": unit, "chargingSchedulePeriod": listed},
        **more,
    }
