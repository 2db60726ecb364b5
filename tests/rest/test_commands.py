"""Commands over REST (contract §8), to chargers that are connected to a CSMS."""

from __future__ import annotations

from typing import Any

import pytest

from rest.commands import ROUTES
from tests.support.csms import Csms
from tests.support.gateway import Tenant
from tests.support.rest import connected_chargers, make_chargers, make_location, until

PATH = "/ocpp/commands"
EVENTS: dict[str, dict[str, Any]] = {
    "proxy_message": {"action": "heartbeat", "ocpp_version": "ocpp1.6", "payload": {}},
    "set_configuration": {"configuration": {"HeartbeatInterval": "30"}},
    "send_local_list": {"list_version": 1, "entries": []},
    "inject_fault": {"fault_type": "OverCurrent"},
    "start_transaction": {"id_tag": "TAG"},
    "start_session": {"id_tag": "TAG"},
    "authorize_id_tag": {"id_tag": "TAG"},
    "power_update": {"power_w": 7400},
}
SINGLE = [
    route for route in ROUTES if route.path.rpartition("/")[2] in {
        "proxy-message", "configuration", "reset", "local-auth-list", "clear-local-auth-list", "inject-fault",
        "clear-fault",
    }
]  # fmt: skip
UNIFIED = [route for route in ROUTES if route not in SINGLE]


def event_of(route: Any) -> dict[str, Any]:
    return EVENTS.get(route.operation.partition(".")[2], {})


def each(routes: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", routes, ids=lambda route: route.operation)


async def command(tenant: Tenant, name: str, target: dict[str, Any], **event: Any) -> Any:
    """The answer of a command that is accepted."""
    status, body = await tenant.rest("POST", f"{PATH}/{name}", json={"target": target, "event": event})
    assert status == 200, body
    return body


def test_there_are_eighteen_commands() -> None:
    assert (len(SINGLE), len(UNIFIED)) == (7, 11)


async def test_a_command_to_one_charger_is_answered_with_what_was_queued(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")

    answer = await command(tenant, "plug-connector", {"charger_id": charger["id"]}, connector_id=1)

    (result,) = answer["results"]
    assert answer == {"targeted_count": 1, "queued_count": 1, "failed_count": 0, "results": [result], "failed": []}
    assert result == {
        "charger_id": charger["id"],
        "identity": charger["identity"],
        "command": {
            "id": result["command"]["id"],
            "event_type": "plug_connector",
            "ocpp_version": "ocpp1.6",
            "payload": {"connector_id": 1},
        },
    }
    assert len(result["command"]["id"]) == 12
    assert int(result["command"]["id"], 16) >= 0
    await (await csms.station(charger["identity"])).status("Preparing")


async def test_a_session_begins_and_ends(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    target, station = {"charger_id": charger["id"]}, await csms.station(charger["identity"])

    await command(tenant, "start-session", target, id_tag="TAG", duration_seconds=600, target_energy_kwh=5.5)
    started = await station.receives("StartTransaction")
    await station.status("Charging")
    await command(tenant, "power-update", target, power_w=3600)
    await command(tenant, "ev-stops-energy", target)
    await station.status("SuspendedEV")
    await command(tenant, "ev-requests-energy", target)
    await station.status("Charging")
    await command(tenant, "stop-session", target)
    await station.receives("StopTransaction")
    await station.status("Available")

    assert started["idTag"] == "TAG"


async def test_a_transaction_is_driven_step_by_step(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    target, station = {"charger_id": charger["id"]}, await csms.station(charger["identity"])

    await command(tenant, "plug-connector", target)
    await command(tenant, "authorize-id-tag", target, id_tag="TAG")
    await station.receives("Authorize")
    await command(tenant, "start-transaction", target, id_tag="TAG", connector_id=1)
    await station.receives("StartTransaction")
    await command(tenant, "stop-transaction", target)
    await station.receives("StopTransaction")
    await command(tenant, "unplug-connector", target)
    await station.status("Available")


async def test_a_command_to_a_site_reaches_all_its_chargers(tenant: Tenant, csms: Csms) -> None:
    chargers = await connected_chargers(tenant, csms, "1", "2")

    answer = await command(tenant, "plug-connector", {"location_id": chargers[0]["location_id"]})

    assert (answer["targeted_count"], answer["queued_count"], answer["failed_count"]) == (2, 2, 0)
    assert {result["charger_id"] for result in answer["results"]} == {charger["id"] for charger in chargers}


async def test_a_charger_that_cannot_take_a_command_fails_alone(tenant: Tenant, csms: Csms) -> None:
    first, second = await connected_chargers(tenant, csms, "1", "2")
    await command(tenant, "plug-connector", {"charger_id": second["id"]})
    target = {"location_id": first["location_id"], "charger_ids": [first["id"], second["id"], "unknown"]}

    answer = await command(tenant, "unplug-connector", target)

    assert [result["identity"] for result in answer["results"]] == [second["identity"]]
    assert answer["failed"] == [
        {"identity": None, "error": "There is no charger 'unknown' at this location."},
        {"identity": first["identity"], "error": "Connector 1 has no cable plugged in."},
    ]
    assert (answer["targeted_count"], answer["queued_count"], answer["failed_count"]) == (3, 1, 2)


async def test_a_fault_comes_and_goes(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    target, station = {"charger_id": charger["id"]}, await csms.station(charger["identity"])

    injected = await command(tenant, "inject-fault", target, fault_type="OverCurrentFailure", connector_id=1)
    await station.status("Faulted")
    cleared = await command(tenant, "clear-fault", target, connector_id=1)
    await station.status("Available")

    fault = {"fault_type": "OverCurrentFailure", "evse_id": None, "connector_id": 1}
    assert injected == {**fault, "status": "Faulted", "msg": "The fault is injected."}
    assert cleared == {**fault, "status": "Available", "msg": "The fault is cleared."}


async def test_configuration_keys_have_an_outcome_each(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    keys = {"HeartbeatInterval": "30", "NumberOfConnectors": "7"}

    answer = await command(tenant, "configuration", {"charger_id": charger["id"]}, configuration=keys)

    assert answer == {
        "status": "Rejected",
        "configured": ["HeartbeatInterval"],
        "msg": "HeartbeatInterval: Accepted, NumberOfConnectors: Rejected",
    }


async def test_a_local_list_is_sent_and_cleared(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    target = {"charger_id": charger["id"]}
    entries = [{"id_tag": "A", "expiry_date": "2030-01-01T00:00:00Z"}, {"id_tag": "B", "parent_id_tag": "A"}]

    sent = await command(tenant, "local-auth-list", target, list_version=2, entries=entries)
    status, again = await tenant.rest(
        "POST", f"{PATH}/local-auth-list", json={"target": target, "event": {"list_version": 2, "entries": []}}
    )
    cleared = await command(tenant, "clear-local-auth-list", target)

    assert (sent["list_version"], sent["entries_received"]) == (2, 2)
    assert (status, again) == (400, {"detail": "list_version must be greater than 2, which the charger has."})
    assert cleared["entries_deleted"] == 2


async def test_the_cache_is_reset_and_an_empty_event_may_be_left_out(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")

    status, body = await tenant.rest("POST", f"{PATH}/cache/reset", json={"target": {"charger_id": charger["id"]}})

    assert (status, body) == (200, {"msg": "0 cached tokens were cleared.", "cleared_entries": 0})


async def test_a_message_goes_to_the_csms_as_it_is(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    payload = {"vendor_id": "acme", "data": "x"}

    answer = await command(
        tenant, "proxy-message", {"charger_id": charger["id"]},
        action="data_transfer", ocpp_version="ocpp1.6", payload=payload,
    )  # fmt: skip

    assert answer == {
        "id": answer["id"],
        "event_type": "data_transfer",
        "ocpp_version": "ocpp1.6",
        "payload": payload,
    }
    sent = await (await csms.station(charger["identity"])).receives("DataTransfer")
    assert sent == {"vendorId": "acme", "data": "x"}


@pytest.mark.parametrize(
    ("action", "version", "detail"),
    [
        (
            "reset",
            "ocpp1.6",
            "Chargers of OCPP 1.6 send no message that is called 'reset' here; the names are in snake_case, such as "
            "boot_notification.",
        ),
        (
            "data_transfer",
            "ocpp1.6",
            "The payload is not a valid DataTransfer: 'vendorId' is a required property",
        ),
        ("heartbeat", "ocpp2.0.1", "ocpp_version: the charger speaks ocpp1.6."),
    ],
)
async def test_a_message_that_a_charger_would_not_send_is_400(
    tenant: Tenant, csms: Csms, action: str, version: str, detail: str
) -> None:
    event = {"action": action, "ocpp_version": version, "payload": {}}
    (charger,) = await connected_chargers(tenant, csms, "1")

    status, body = await tenant.rest(
        "POST", f"{PATH}/proxy-message", json={"target": {"charger_id": charger["id"]}, "event": event}
    )

    assert (status, body) == (400, {"detail": detail})


async def test_a_message_by_the_name_that_ocpp_gives_it_is_told_the_name_here(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    event = {"action": "Heartbeat", "ocpp_version": "ocpp1.6", "payload": {}}

    status, body = await tenant.rest(
        "POST", f"{PATH}/proxy-message", json={"target": {"charger_id": charger["id"]}, "event": event}
    )

    assert (status, "snake_case" in body["detail"]) == (400, True), body


async def test_the_log_of_a_charger_tells_what_it_said(tenant: Tenant, csms: Csms) -> None:
    (charger,) = await connected_chargers(tenant, csms, "1")
    await command(tenant, "authorize-id-tag", {"charger_id": charger["id"]}, id_tag="TAG")
    await (await csms.station(charger["identity"])).receives("Authorize")

    logged = await _until_logged(tenant, charger["id"], "Authorize", 2)

    assert [(entry["direction"], entry["action"]) for entry in logged] == [
        ("csms_to_cp", "Authorize"),
        ("cp_to_csms", "Authorize"),
    ]
    assert all(entry["message"].startswith("[") for entry in logged)
    assert [entry["timestamp"] for entry in logged] == sorted((e["timestamp"] for e in logged), reverse=True)


async def _until_logged(tenant: Tenant, id: str, event: str, count: int) -> list[dict[str, Any]]:
    path = f"/ocpp/chargers/{id}/logs?event={event}"
    entries: list[dict[str, Any]] = (await until(tenant, path, lambda body: body["total"] >= count))["data"]
    return entries


@each(UNIFIED)
@pytest.mark.parametrize(
    "target",
    [
        {},
        {"charger_id": "a", "location_id": "b"},
        {"charger_id": "a", "charger_ids": ["b"]},
        {"charger_ids": ["a"]},
        None,
    ],
)
async def test_a_target_is_one_charger_or_one_site(tenant: Tenant, route: Any, target: Any) -> None:
    status, body = await tenant.rest("POST", route.path, json={"target": target, "event": event_of(route)})

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", "target"]


@each(SINGLE)
@pytest.mark.parametrize("target", [{}, {"location_id": "a"}, {"charger_id": None}])
async def test_some_commands_go_to_one_charger_only(tenant: Tenant, route: Any, target: Any) -> None:
    status, body = await tenant.rest("POST", route.path, json={"target": target, "event": event_of(route)})

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", "target", "charger_id"]


@pytest.mark.parametrize(
    ("name", "event", "loc"),
    [
        ("plug-connector", {"connector_id": 0}, ["connector_id"]),
        ("plug-connector", {"evse_id": "1"}, ["evse_id"]),
        ("plug-connector", None, []),
        ("start-session", {}, ["id_tag"]),
        ("start-session", {"id_tag": "x" * 37}, ["id_tag"]),
        ("start-session", {"id_tag": "a\0b"}, ["id_tag"]),
        ("start-session", {"id_tag": "a", "duration_seconds": 0}, ["duration_seconds"]),
        ("start-session", {"id_tag": "a", "target_energy_kwh": -1}, ["target_energy_kwh"]),
        ("power-update", {"power_w": -1}, ["power_w"]),
        ("power-update", {"power_w": 10**30}, ["power_w"]),
        ("inject-fault", {"fault_type": ""}, ["fault_type"]),
        ("configuration", {"configuration": {}}, ["configuration"]),
        ("configuration", {"configuration": {"a": 5}}, ["configuration", "a"]),
        ("local-auth-list", {"list_version": 0, "entries": []}, ["list_version"]),
        ("local-auth-list", {"list_version": 1, "entries": [{}]}, ["entries", 0, "id_tag"]),
        (
            "local-auth-list",
            {"list_version": 1, "entries": [{"id_tag": "a", "expiry_date": "soon"}]},
            ["entries", 0, "expiry_date"],
        ),
        ("proxy-message", {"action": "heartbeat", "ocpp_version": "OCPP1.6", "payload": {}}, ["ocpp_version"]),
        ("proxy-message", {"action": "heartbeat", "ocpp_version": "ocpp1.6", "payload": {"a": "\0"}}, ["payload"]),
        ("proxy-message", {"action": "heartbeat", "ocpp_version": "ocpp1.6", "payload": {"a": 10**30}}, ["payload"]),
    ],
)
async def test_an_event_that_breaks_a_rule_is_422(tenant: Tenant, name: str, event: Any, loc: list[Any]) -> None:
    status, body = await tenant.rest("POST", f"{PATH}/{name}", json={"target": {"charger_id": "x"}, "event": event})

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", "event", *loc]


async def test_a_charger_that_was_stopped_takes_no_command_and_says_why(tenant: Tenant) -> None:
    (charger,) = await make_chargers(tenant, (await make_location(tenant))["id"], "1")
    await tenant.rest("POST", f"/ocpp/chargers/{charger['id']}/stop-charger")
    target = {"charger_id": charger["id"]}

    status, refused = await tenant.rest(
        "POST", f"{PATH}/inject-fault", json={"target": target, "event": EVENTS["inject_fault"]}
    )
    failed = await command(tenant, "plug-connector", target)

    reason = "The charger is not running; start it first."
    assert (status, refused) == (400, {"detail": reason})
    assert failed["failed"] == [{"identity": charger["identity"], "error": reason}]


@each(ROUTES)
async def test_an_unknown_or_foreign_target_is_404(tenant: Tenant, stranger: Tenant, route: Any) -> None:
    (charger,) = await make_chargers(stranger, (await make_location(stranger))["id"], "1")
    targets = [{"charger_id": "unknown"}, {"charger_id": charger["id"]}]
    if route in UNIFIED:
        targets += [{"location_id": "unknown"}, {"location_id": charger["location_id"]}]

    for target in targets:
        status, _ = await tenant.rest("POST", route.path, json={"target": target, "event": event_of(route)})
        assert status == 404, target
