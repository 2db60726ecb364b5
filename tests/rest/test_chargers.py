"""Chargers over REST (contract §5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.gateway import Tenant
from tests.support.rest import CSMS_URL, got, made, make_chargers, make_location, ready

PATH = "/ocpp/chargers"
CHARGER: dict[str, Any] = {
    "identity": "PARIS-001",
    "brand_slug": "wallbox",
    "model_slug": "wallbox-pulsar-plus",
    "connector_type": "Type2",
    "ws_url": CSMS_URL,
}


async def create(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """A charger, provisioned."""
    accepted = await made(tenant, PATH, {**CHARGER, **changes}, 202)
    await ready(tenant, accepted["status_url"])
    return await got(tenant, f"{PATH}/{accepted['charger_id']}")


async def test_a_charger_is_accepted_and_becomes_ready(tenant: Tenant) -> None:
    site = await make_location(tenant)
    body = {**CHARGER, "location_id": site["id"], "charge_point_name": "Bay 1", "location_name": "Hub"}

    accepted = await made(tenant, PATH, body, 202)
    status = await ready(tenant, accepted["status_url"])
    charger = await got(tenant, f"{PATH}/{accepted['charger_id']}")

    id = accepted["charger_id"]
    assert id.startswith("dep-")
    assert accepted == {
        "charger_id": id,
        "identity": "PARIS-001",
        "status": "PROVISIONING",
        "workflow_run_id": accepted["workflow_run_id"],
        "status_url": f"{PATH}/{id}/status",
    }
    assert status == {
        "charger_id": id,
        "status": "READY",
        "workflow_run_id": accepted["workflow_run_id"],
        "error": None,
        "provisioned_at": status["provisioned_at"],
    }
    assert charger == {
        "id": id,
        "identity": "PARIS-001",
        "name": "Bay 1",
        "vendor_name": "Wallbox",
        "published_name": "Wallbox",
        "model": "Pulsar Plus",
        "image_url": charger["image_url"],
        "ocpp_version": "OCPP1.6",
        "number_of_connectors": 1,
        "max_charging_power": 22000,
        "connector_type": "Type2",
        "location_id": site["id"],
        "created_at": charger["created_at"],
        "updated_at": charger["updated_at"],
    }


async def test_a_charger_may_stand_at_no_site(tenant: Tenant) -> None:
    assert (await create(tenant, ocpp_version="OCPP2.0.1"))["location_id"] is None


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"identity": ""}, ["body", "identity"]),
        ({"identity": "a b"}, ["body", "identity"]),
        ({"identity": "x" * 49}, ["body", "identity"]),
        ({"brand_slug": None}, ["body", "brand_slug"]),
        ({"ws_url": "http://csms"}, ["body", "ws_url"]),
        ({"ws_url": "ws://"}, ["body", "ws_url"]),
        ({"ws_url": "ws://host:99999/x"}, ["body", "ws_url"]),
        ({"ocpp_version": "ocpp1.6"}, ["body", "ocpp_version"]),
        ({"location_id": 5}, ["body", "location_id"]),
        ({"location_name": "a\0b"}, ["body", "location_name"]),
    ],
)
async def test_a_value_that_breaks_a_rule_is_named_in_422(
    tenant: Tenant, change: dict[str, Any], loc: list[str]
) -> None:
    status, body = await tenant.rest("POST", PATH, json={**CHARGER, **change})

    assert status == 422
    assert [detail["loc"] for detail in body["detail"]] == [loc]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"brand_slug": "nobody"}, "There is no brand nobody in the catalog."),
        ({"model_slug": "nothing"}, "wallbox has no model nothing."),
        ({"connector_type": "CHAdeMO"}, "wallbox-pulsar-plus has no connector of type CHAdeMO; it offers Type2."),
        ({"location_id": "019aa45d-0f7b"}, "There is no location 019aa45d-0f7b."),
        ({"location_id": "a\0b"}, "There is no location a\0b."),
    ],
)
async def test_what_the_catalog_or_the_organization_does_not_have_is_400(
    tenant: Tenant, change: dict[str, Any], detail: str
) -> None:
    assert await tenant.rest("POST", PATH, json={**CHARGER, **change}) == (400, {"detail": detail})


async def test_an_identity_that_is_in_use_is_400(tenant: Tenant, stranger: Tenant) -> None:
    await create(tenant)

    status, body = await tenant.rest("POST", PATH, json=CHARGER)

    assert (status, body) == (400, {"detail": "The identity PARIS-001 is in use."})
    assert (await tenant.rest("GET", PATH))[1]["total"] == 1
    assert (await stranger.rest("POST", PATH, json=CHARGER))[0] == 202  # another organization has its own identities


async def test_chargers_are_listed_newest_first_and_by_site(tenant: Tenant) -> None:
    site = await make_location(tenant)
    at_site = [row["id"] for row in await make_chargers(tenant, site["id"], "1", "2")]
    alone = (await create(tenant))["id"]

    everywhere = await got(tenant, f"{PATH}?limit=1")
    here = await got(tenant, f"{PATH}?location_id={site['id']}")
    nowhere = await got(tenant, f"{PATH}?location_id=nothing")

    assert ([row["id"] for row in everywhere["data"]], everywhere["total"]) == ([alone], 3)
    assert {row["id"] for row in here["data"]} == set(at_site)
    assert nowhere == {"data": [], "total": 0, "page": 1, "limit": 50}


async def test_an_update_changes_only_what_it_names(tenant: Tenant) -> None:
    site = await make_location(tenant)
    before = await create(tenant, charge_point_name="Bay 1")
    changes = {
        "charge_point_name": "Bay 2",
        "name": "Bay 3",
        "ocpp_version": "OCPP2.0.1",
        "ws_url": f"{CSMS_URL}/other",
        "location_id": site["id"],
        "location_name": "Hub",
    }

    status, body = await tenant.rest("PUT", f"{PATH}/{before['id']}", json=changes)

    assert status == 200
    assert body == {
        **before,
        "name": "Bay 2",
        "ocpp_version": "OCPP2.0.1",
        "location_id": site["id"],
        "updated_at": body["updated_at"],
    }
    assert body["updated_at"] > before["updated_at"]
    assert await got(tenant, f"{PATH}/{before['id']}") == body


async def test_a_name_may_be_set_and_cleared_and_a_site_left(tenant: Tenant) -> None:
    charger = await create(tenant, location_id=(await make_location(tenant))["id"])

    _, named = await tenant.rest("PUT", f"{PATH}/{charger['id']}", json={"name": "Bay 3"})
    _, cleared = await tenant.rest("PUT", f"{PATH}/{charger['id']}", json={"name": None, "location_id": None})

    assert (named["name"], named["location_id"]) == ("Bay 3", charger["location_id"])
    assert (cleared["name"], cleared["location_id"]) == (None, None)


async def test_identity_brand_and_model_stay_as_they_are(tenant: Tenant) -> None:
    charger = await create(tenant)

    _, body = await tenant.rest("PUT", f"{PATH}/{charger['id']}", json={"identity": "X", "brand_slug": "abb"})

    assert (body["identity"], body["vendor_name"]) == (charger["identity"], "Wallbox")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ws_url": "http://x"}, 422),
        ({"ws_url": None}, 422),
        ({"connector_type": None}, 422),
        ({"connector_type": "CHAdeMO"}, 400),
        ({"location_id": "unknown"}, 400),
    ],
)
async def test_an_update_that_breaks_a_rule_is_refused_whole(
    tenant: Tenant, changes: dict[str, Any], expected: int
) -> None:
    before = await create(tenant)

    status, body = await tenant.rest("PUT", f"{PATH}/{before['id']}", json={"name": "new", **changes})

    assert status == expected, body
    assert await got(tenant, f"{PATH}/{before['id']}") == before


async def test_a_deleted_charger_is_gone(tenant: Tenant) -> None:
    charger = await create(tenant)

    assert await tenant.rest("DELETE", f"{PATH}/{charger['id']}") == (204, None)

    assert (await tenant.rest("GET", f"{PATH}/{charger['id']}"))[0] == 404
    assert (await tenant.rest("DELETE", f"{PATH}/{charger['id']}"))[0] == 404
    assert (await tenant.rest("POST", PATH, json=CHARGER))[0] == 202  # its identity is free again


@pytest.mark.parametrize("body", [{"json": {}}, {}])
async def test_a_runtime_is_stopped_started_and_reset(tenant: Tenant, body: dict[str, Any]) -> None:
    charger = await create(tenant)

    answers = [
        await tenant.rest("POST", f"{PATH}/{charger['id']}/{action}-charger", **body)
        for action in ("stop", "start", "stop", "reset")
    ]

    local = {"provider": "local", "runtime_kind": "task", "service_name": "charger-PARIS-001"}
    off = {**local, "desired_count": 0, "status": "STOPPED"}
    on = {**local, "desired_count": 1, "status": "STARTING"}
    told = {"id": charger["id"], "ocpp_version": "OCPP1.6"}
    assert answers == [
        (202, {**told, "event_type": "stop_charger", "payload": off}),
        (202, {**told, "event_type": "start_charger", "payload": on}),
        (202, {**told, "event_type": "stop_charger", "payload": off}),
        (202, {**told, "event_type": "reset_charger", "payload": on}),
    ]


@pytest.mark.parametrize("action", ["start-charger", "stop-charger", "reset-charger"])
@pytest.mark.parametrize("data", [b"[]", b"{", b"1"])
async def test_the_body_of_a_runtime_action_is_an_object_or_nothing(tenant: Tenant, action: str, data: bytes) -> None:
    status, _ = await tenant.rest("POST", f"{PATH}/x/{action}", data=data, headers={"Content-Type": "application/json"})

    assert status == 422


async def test_another_organization_can_do_nothing_to_a_charger(tenant: Tenant, stranger: Tenant) -> None:
    charger = await create(tenant)

    for id in (charger["id"], "unknown"):
        assert (await stranger.rest("PUT", f"{PATH}/{id}", json={"name": "mine"}))[0] == 404
        assert (await stranger.rest("DELETE", f"{PATH}/{id}"))[0] == 404
        for action in ("start-charger", "stop-charger", "reset-charger"):
            assert (await stranger.rest("POST", f"{PATH}/{id}/{action}"))[0] == 404
    assert await got(tenant, f"{PATH}/{charger['id']}") == charger


@pytest.mark.parametrize("path", ["", "/status"])
async def test_another_organization_sees_nothing_of_a_charger(tenant: Tenant, stranger: Tenant, path: str) -> None:
    charger = await create(tenant)

    assert (await stranger.rest("GET", f"{PATH}/{charger['id']}{path}"))[0] == 404
    assert (await stranger.rest("GET", f"{PATH}/unknown{path}"))[0] == 404
    assert (await got(stranger, f"{PATH}/{charger['id']}/logs"))["total"] == 0


async def test_the_logs_of_a_charger_that_never_connected_are_empty(tenant: Tenant) -> None:
    charger = await create(tenant)

    assert await got(tenant, f"{PATH}/{charger['id']}/logs") == {"data": [], "total": 0, "limit": 1000, "offset": 0}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("offset=-1", "offset"),
        ("offset=2147483648", "offset"),
        ("start_date=yesterday", "start_date"),
        ("start_date=0.5", "start_date"),
        ("start_date=2026-01-01", "start_date"),
        ("start_date=2026-01-01T00:00:00", "start_date"),
        ("end_date=0001-01-01T00:00:00%2B14:00", "end_date"),
        ("event=a%00b", "event"),
    ],
)
async def test_a_parameter_of_logs_that_breaks_a_rule_is_422(tenant: Tenant, query: str, name: str) -> None:
    status, body = await tenant.rest("GET", f"{PATH}/x/logs?{query}")

    assert status == 422
    assert [detail["loc"] for detail in body["detail"]] == [["query", name]]
