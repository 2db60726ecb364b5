"""What a CSMS asks of a charger, and how it answers, in both versions of OCPP."""

from __future__ import annotations

import json

import pytest

from storage.models import OcppVersion
from tests.support.chargers import booted, deploy, eventually, remembering
from tests.support.csms import SILENCE, CallError, Csms, Refused, Station, now, reply
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1
EARLIER, LATER = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
MODEL = {"getVariableData": [{"component": {"name": "ChargingStation"}, "variable": {"name": "Model"}}]}


async def test_keys_of_1_6_are_found_in_capitals_or_not(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms)

    changed = await station.call("ChangeConfiguration", {"key": "METERVALUESAMPLEINTERVAL", "value": "17"})
    read = await station.call("GetConfiguration", {"key": ["metervaluesampleinterval"]})

    assert changed == {"status": "Accepted"}
    assert read == {"configurationKey": [{"key": "MeterValueSampleInterval", "readonly": False, "value": "17"}]}


async def test_an_action_that_no_version_has_is_not_implemented(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version)

    with pytest.raises(Refused, match="NotImplemented"):
        await station.call_raw("MakeCoffee", {})


async def test_an_action_that_this_charger_lacks_is_not_supported(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version)
    action = "GetInstalledCertificateIds"

    with pytest.raises(Refused, match="NotSupported"):
        await station.call_raw(action, {})


@pytest.mark.parametrize(
    ("version", "payload", "code"),
    [
        (V16, {"type": "Soft", "extra": 1}, "FormationViolation"),
        (V16, {}, "OccurenceConstraintViolation"),
        (V16, {"type": 5}, "TypeConstraintViolation"),
        (V16, {"type": "Later"}, "PropertyConstraintViolation"),
        (V201, {"type": "Immediate", "extra": 1}, "FormatViolation"),
        (V201, {}, "OccurrenceConstraintViolation"),
        (V201, {"type": 5}, "TypeConstraintViolation"),
        (V201, {"type": "Later"}, "PropertyConstraintViolation"),
    ],
)
async def test_a_payload_that_breaks_its_schema_is_answered_with_the_right_error(
    tenant: Tenant, csms: Csms, version: OcppVersion, payload: dict[str, object], code: str
) -> None:
    _, station = await booted(tenant, csms, version=version)

    with pytest.raises(Refused) as refused:
        await station.call_raw("Reset", payload)

    assert refused.value.code == code


async def test_frames_that_are_none_do_not_end_the_connection(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)

    for text in ("not json", "{}", "[]", '[9,"x",{}]', '[2,"y",5,{}]', '[3,"never-asked",{}]', '[2,"z","Reset"]'):
        await station.send_text(text)
    await station.until(lambda s: len(s.errors) == 6)

    codes = [error[2] for error in station.errors]
    assert codes == ["RpcFrameworkError"] * 3 + ["MessageTypeNotSupported", "FormatViolation", "FormatViolation"]
    assert [error[1] for error in station.errors] == ["-1", "-1", "-1", "x", "y", "z"]
    assert (await station.call("ClearCache"))["status"] == "Accepted"


async def test_one_call_at_a_time_is_on_its_way(tenant: Tenant, csms: Csms) -> None:
    """Two connectors have news, but the second waits for the answer to the first."""
    charger, station = await booted(tenant, csms, connectors=2)
    held: list[str] = []

    def hold(_: Station, payload: dict[str, str]) -> CallError:
        held.append(payload["status"])
        return SILENCE

    csms.behaviours["StatusNotification"] = hold
    await charger.does("plugConnector", connectorId=1)
    await charger.does("plugConnector", connectorId=2)
    await csms.until(lambda: held, "the first status")
    await station.call("ClearCache")

    assert len(held) == 1


async def test_configuration_keys_of_1_6_are_read_and_changed(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, connectors=2)

    changed = [
        await station.call("ChangeConfiguration", {"key": key, "value": value})
        for key, value in [
            ("MeterValueSampleInterval", "17"), ("MeterValueSampleInterval", "often"), ("NumberOfConnectors", "9"),
            ("WebSocketPingInterval", "20"), ("Colour", "blue"),
        ]
    ]  # fmt: skip
    read = await station.call("GetConfiguration", {"key": ["MeterValueSampleInterval", "NumberOfConnectors", "Colour"]})

    assert [answer["status"] for answer in changed] == [
        "Accepted", "Rejected", "Rejected", "RebootRequired", "NotSupported",
    ]  # fmt: skip
    assert read == {
        "configurationKey": [
            {"key": "MeterValueSampleInterval", "readonly": False, "value": "17"},
            {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
        ],
        "unknownKey": ["Colour"],
    }
    await eventually(charger.memory, lambda memory: memory.get("keys", {}).get("MeterValueSampleInterval") == "17")


async def test_a_new_heartbeat_interval_takes_effect_at_once(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    _, station = await booted(tenant, csms, version=version)

    if version is V16:
        await station.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "1"})
    else:
        variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        await station.call("SetVariables", {"setVariableData": [{**variable, "attributeValue": "1"}]})

    await station.receives("Heartbeat", 2)


async def test_a_token_on_the_local_list_needs_no_csms(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    key = "LocalPreAuthorize" if version is V16 else "AuthCtrlr__LocalPreAuthorize"
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**{key: "true"}))
    if version is V16:
        entry = {"idTag": "MEMBER", "idTagInfo": {"status": "Accepted"}}
        listed = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [entry]}
    else:
        entry = {"idToken": {"idToken": "MEMBER", "type": "Central"}, "idTokenInfo": {"status": "Accepted"}}
        listed = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": [entry]}

    answer = await station.call("SendLocalList", listed)
    version_now = await station.call("GetLocalListVersion")
    await charger.does("startSession", idTag="Member")  # tokens are the same in capitals or not
    await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))

    assert answer == {"status": "Accepted"}
    assert list(version_now.values()) == [3]
    assert station.sent("Authorize") == []


async def test_a_local_list_that_is_not_newer_is_a_version_mismatch(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms)
    await station.call("SendLocalList", {"listVersion": 3, "updateType": "Full"})

    answer = await station.call("SendLocalList", {"listVersion": 3, "updateType": "Differential"})

    assert answer == {"status": "VersionMismatch"}


async def test_the_cache_answers_offline_until_it_is_cleared(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("authorizeIdTag", idTag="TAG-1")
    await station.receives("Authorize")
    await eventually(charger.memory, lambda memory: "tag-1" in memory.get("tokens", {}))

    assert (await station.call("ClearCache")) == {"status": "Accepted"}

    await eventually(charger.memory, lambda memory: "tokens" not in memory)


async def test_a_connector_goes_out_of_service_and_back(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)

    assert await _availability(station, 2, operative=False) == "Accepted"
    await station.status("Unavailable", connector=2)
    assert "out of service" in await charger.refuses("startSession", idTag="TAG-1", connectorId=2)
    assert "no cable" in await charger.refuses("unplugConnector", connectorId=2)
    assert await _availability(station, 2, operative=True) == "Accepted"
    await station.status("Available", connector=2)

    assert station.last_status(1) == "Available"


async def test_availability_waits_for_the_end_of_a_transaction(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))

    answer = await _availability(station, 1, operative=False)
    before = station.last_status()
    await charger.does("stopSession")
    await station.status("Unavailable")

    assert (answer, before in ("Preparing", "Charging", "Occupied")) == ("Scheduled", True)


async def test_availability_follows_a_session_that_ends_by_itself(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await charger.does("startSession", idTag="TAG-1", targetEnergyKwh=0.001)
    await station.receives("StartTransaction")

    answer = await _availability(station, 1, operative=False)

    assert answer == "Scheduled"
    await station.status("Unavailable")


async def _availability(station: Station, connector: int, *, operative: bool) -> str:
    status = "Operative" if operative else "Inoperative"
    if station.version == "1.6":
        answer = await station.call("ChangeAvailability", {"connectorId": connector, "type": status})
    else:
        answer = await station.call("ChangeAvailability", {"operationalStatus": status, "evse": {"id": connector}})
    return str(answer["status"])


async def test_unlocking_ends_a_transaction_of_1_6(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")

    answers = [await station.call("UnlockConnector", {"connectorId": number}) for number in (1, 5)]

    assert answers == [{"status": "Unlocked"}, {"status": "NotSupported"}]
    assert (await station.receives("StopTransaction"))["reason"] == "UnlockCommand"


async def test_unlocking_in_a_transaction_is_refused_in_2_0_1(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)
    await charger.does("startSession", idTag="TAG-1")
    await station.receives("TransactionEvent")

    answers = [await station.call("UnlockConnector", {"evseId": number, "connectorId": 1}) for number in (1, 5)]

    assert answers == [{"status": "OngoingAuthorizedTransaction"}, {"status": "UnknownConnector"}]


@pytest.mark.parametrize("message", ["Heartbeat", "StatusNotification", "MeterValues", "FirmwareStatusNotification"])
async def test_a_charger_says_what_it_is_triggered_to_say(
    tenant: Tenant, csms: Csms, version: OcppVersion, message: str
) -> None:
    _, station = await booted(tenant, csms, version=version)
    before = len(station.sent(message))

    assert await station.call("TriggerMessage", {"requestedMessage": message}) == {"status": "Accepted"}

    await station.receives(message, before + 1)


async def test_a_charger_of_1_6_that_is_triggered_tells_the_status_of_the_whole_and_of_each_connector(
    tenant: Tenant, csms: Csms
) -> None:
    _, station = await booted(tenant, csms, connectors=2)
    told = len(station.calls)

    await station.call("TriggerMessage", {"requestedMessage": "StatusNotification"})
    await station.until(lambda s: len(s.calls) >= told + 3)

    assert [call.payload["connectorId"] for call in station.calls[told:]] == [0, 1, 2]


async def test_a_connector_means_nothing_where_the_whole_charger_is_triggered(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version)
    where = {"connectorId": 7} if version is V16 else {"evse": {"id": 7}}

    assert await station.call("TriggerMessage", {"requestedMessage": "Heartbeat", **where}) == {"status": "Accepted"}
    assert await station.call("TriggerMessage", {"requestedMessage": "MeterValues", **where}) == {"status": "Rejected"}

    await station.receives("Heartbeat")


async def test_a_pending_charger_answers_and_boots_when_it_is_triggered(tenant: Tenant, csms: Csms) -> None:
    pending = {"status": "Pending", "interval": 300, "currentTime": now()}
    accepted = {"status": "Accepted", "interval": 300, "currentTime": now()}
    csms.behaviours["BootNotification"] = reply(pending, accepted)
    [charger] = await deploy(tenant, csms.url, version=V201)
    station = await csms.station(charger.identity)

    assert (await station.call("GetVariables", MODEL))["getVariableResult"][0]["attributeStatus"] == "Accepted"
    await station.call("TriggerMessage", {"requestedMessage": "BootNotification"})

    await station.receives("StatusNotification")
    assert station.sent("BootNotification")[-1]["reason"] == "Triggered"


async def test_a_rejected_charging_station_answers_with_a_security_error(tenant: Tenant, csms: Csms) -> None:
    rejected = {"status": "Rejected", "interval": 300, "currentTime": now()}
    csms.behaviours["BootNotification"] = reply(rejected)
    [charger] = await deploy(tenant, csms.url, version=V201)
    station = await csms.station(charger.identity)
    await eventually(charger.registration, lambda status: status == "Rejected")

    with pytest.raises(Refused, match="SecurityError"):
        await station.call("ClearCache")


async def test_a_firmware_update_of_1_6_is_played_as_its_statuses(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms)

    await station.call("UpdateFirmware", {"location": "https://example.org/fw.bin", "retrieveDate": now()})
    await station.receives("FirmwareStatusNotification", 4)

    statuses = [payload["status"] for payload in station.sent("FirmwareStatusNotification")]
    assert statuses == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert len(station.sent("BootNotification")) == 2


async def test_a_log_upload_is_played_as_its_statuses(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)

    log = {"remoteLocation": "https://example.org/logs"}
    answer = await station.call("GetLog", {"log": log, "logType": "DiagnosticsLog", "requestId": 3})
    await station.receives("LogStatusNotification", 2)

    assert answer["status"] == "Accepted"
    assert station.sent("LogStatusNotification") == [
        {"status": "Uploading", "requestId": 3},
        {"status": "Uploaded", "requestId": 3},
    ]


async def test_a_second_log_upload_cancels_the_first_which_says_so(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)
    asked = {"log": {"remoteLocation": "https://example.org/logs"}, "logType": "DiagnosticsLog"}

    first = await station.call("GetLog", {**asked, "requestId": 1})
    await station.receives("LogStatusNotification")
    second = await station.call("GetLog", {**asked, "requestId": 2})
    await station.receives("LogStatusNotification", 4)

    assert (first["status"], second["status"]) == ("Accepted", "AcceptedCanceled")
    assert station.sent("LogStatusNotification") == [
        {"status": "Uploading", "requestId": 1},
        {"status": "AcceptedCanceled", "requestId": 1},
        {"status": "Uploading", "requestId": 2},
        {"status": "Uploaded", "requestId": 2},
    ]


async def test_a_second_firmware_update_takes_the_place_of_the_first(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)
    firmware = {"location": "https://example.org/fw.bin", "retrieveDateTime": now()}

    first = await station.call("UpdateFirmware", {"requestId": 1, "firmware": firmware})
    await station.receives("FirmwareStatusNotification")
    second = await station.call("UpdateFirmware", {"requestId": 2, "firmware": firmware})
    await station.until(lambda s: s.sent("FirmwareStatusNotification")[-1]["status"] == "Installed")

    assert (first["status"], second["status"]) == ("Accepted", "AcceptedCanceled")
    told = [payload["requestId"] for payload in station.sent("FirmwareStatusNotification")]
    assert told == sorted(told)
    assert told.count(2) == 5


@pytest.mark.parametrize(
    ("dates", "statuses"),
    [
        ({"retrieveDateTime": LATER}, ["DownloadScheduled"]),
        ({"retrieveDateTime": EARLIER, "installDateTime": LATER}, ["Downloading", "Downloaded", "InstallScheduled"]),
    ],
)
async def test_a_firmware_update_waits_for_its_dates(
    tenant: Tenant, csms: Csms, dates: dict[str, str], statuses: list[str]
) -> None:
    _, station = await booted(tenant, csms, version=V201)
    firmware = {"location": "https://example.org/fw.bin", **dates}

    await station.call("UpdateFirmware", {"requestId": 1, "firmware": firmware})
    await station.receives("FirmwareStatusNotification", len(statuses))

    assert [payload["status"] for payload in station.sent("FirmwareStatusNotification")] == statuses


async def test_an_update_that_waits_for_its_date_is_cancelled_by_the_next(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms, version=V201)
    firmware = {"location": "https://example.org/fw.bin", "retrieveDateTime": LATER}

    answers = [await station.call("UpdateFirmware", {"requestId": id, "firmware": firmware}) for id in (1, 2)]

    assert answers == [{"status": "Accepted"}, {"status": "AcceptedCanceled"}]


async def test_the_status_of_a_transaction_can_be_asked(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, version=V201)
    await charger.does("startSession", idTag="TAG-1")
    started = await station.receives("TransactionEvent")
    id = started["transactionInfo"]["transactionId"]
    await station.receives("TransactionEvent", 2)

    async def asked() -> dict[str, object]:
        return await station.call("GetTransactionStatus", {"transactionId": id})

    await eventually(asked, lambda answer: answer == {"ongoingIndicator": True, "messagesInQueue": False})
    assert await station.call("GetTransactionStatus") == {"messagesInQueue": False}


async def test_a_vendor_message_is_answered_as_unknown(tenant: Tenant, csms: Csms) -> None:
    _, station = await booted(tenant, csms)

    assert await station.call("DataTransfer", {"vendorId": "x"}) == {"status": "UnknownVendorId"}
    assert json.dumps(station.errors) == "[]"
