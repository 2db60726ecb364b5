"""The sites of a network over REST (contract §11)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.bulk import insert_rows
from storage.models import JobItem
from tests.support.factories import add_chargers, add_cpo, add_job, add_ocpi_location, add_ocpi_locations, writing
from tests.support.gateway import Gateway, Tenant
from tests.support.rest import CHARGER_TEMPLATE, SITE, ended, got, made, make_network, ready
from tests.support.turns import watched_turns

A_TURN = 8  # of all the work for an answer, at most one part of so many is done at once
THOUSAND = {"template": CHARGER_TEMPLATE, "charger_ids": [f"{number:03}" for number in range(1000)]}


@pytest.fixture
async def network(tenant: Tenant) -> dict[str, Any]:
    """A network of one site with one charger."""
    return await make_network(tenant)


@pytest.fixture(scope="module")
async def owner(gateway: Gateway) -> Tenant:
    return gateway.tenant()


@pytest.fixture(scope="module")
async def standing(owner: Tenant) -> dict[str, Any]:
    """A network of the owner's for requests that are refused, so that no test changes it."""
    return await make_network(owner)


def sites_of(network: dict[str, Any]) -> str:
    return f"/ocpi/cpos/{network['cpo_id']}/locations"


def full(*suffixes: str, **template: Any) -> dict[str, Any]:
    """A site in full, with a charger for each suffix."""
    group = {"template": {**CHARGER_TEMPLATE, **template}, "charger_ids": list(suffixes)}
    return {**SITE, "charges": [group]} if suffixes else SITE


async def create(tenant: Tenant, network: dict[str, Any], *items: dict[str, Any]) -> dict[str, Any]:
    """The results of a bulk request that is carried out."""
    job = await made(tenant, sites_of(network), {"locations": items}, 202)
    results: dict[str, Any] = (await ready(tenant, job["status_url"]))["results"]
    return results


async def test_a_bulk_request_is_accepted_as_a_job(tenant: Tenant, network: dict[str, Any]) -> None:
    job = await made(tenant, sites_of(network), {"locations": [SITE]}, 202)

    assert job == {
        "job_id": job["job_id"],
        "status": "PENDING",
        "workflow_run_id": f"wfr_{job['job_id'].replace('-', '')}",
        "status_url": f"{sites_of(network)}/jobs/{job['job_id']}",
    }


async def test_a_site_with_its_chargers_is_created_whole(tenant: Tenant, network: dict[str, Any]) -> None:
    item = {**full("001", "002"), "timezone": "Europe/Paris", "owner_name": "VINCI", "parking_type": "PARKING_GARAGE"}

    job = await made(tenant, sites_of(network), {"locations": [item]}, 202)
    answer = await ready(tenant, job["status_url"])

    results = answer["results"]
    (site,) = results["created"]
    first, second = site["chargers"]
    assert answer == {
        "job_id": job["job_id"],
        "job_type": "BULK_CREATE_OCPI_LOCATIONS",
        "status": "READY",
        "workflow_run_id": job["workflow_run_id"],
        "error": None,
        "results": {"created_count": 1, "failed_count": 0, "created": [site], "failed": []},
        "provisioned_at": answer["provisioned_at"],
    }
    assert {key: value for key, value in site.items() if key != "chargers"} == {
        **SITE,
        "id": site["id"],
        "ocpp_location_id": site["ocpp_location_id"],
        "organization_id": tenant.organization_id,
        "slug": site["slug"],
        "timezone": "Europe/Paris",
        "owner_name": "VINCI",
        "public": True,
        "created_at": site["created_at"],
        "updated_at": site["created_at"],
    }
    assert site["id"].startswith("loc-")
    (evse,) = first["evses"]
    assert first == {
        "id": first["id"],
        "identity": "PARIS-001",
        "connector_type": "Type2",
        "ocpp_version": "OCPP1.6",
        "charge_point_id": first["charge_point_id"],
        "evses": [evse],
        "topology_default_id": first["topology_default_id"],
    }
    assert evse.keys() == {"evse_uid", "ocpi_evse_id", "ocpi_connector_id", "topology_id"}
    assert evse["evse_uid"] == "PARIS-001"
    assert all(evse.values())
    assert first["topology_default_id"] is not None
    assert second["topology_default_id"] is None
    assert await got(tenant, f"{sites_of(network)}/{site['id']}") == site


async def test_each_connector_is_an_evse_of_its_own(tenant: Tenant, network: dict[str, Any]) -> None:
    template = {"brand_slug": "alfen", "model_slug": "eve-double-pro-line", "identity_prefix": "DUAL-"}

    results = await create(tenant, network, full("1", **template))

    (charger,) = results["created"][0]["chargers"]
    assert [evse["evse_uid"] for evse in charger["evses"]] == ["DUAL-1_C1", "DUAL-1_C2"]


async def test_full_sites_and_templates_may_be_mixed(tenant: Tenant, network: dict[str, Any]) -> None:
    results = await create(tenant, network, SITE, {"template": "urban-ac-hub"})

    assert [len(site["chargers"]) for site in results["created"]] == [0, 4]


async def test_overrides_replace_what_the_template_says(tenant: Tenant, network: dict[str, Any]) -> None:
    overrides = {
        "name": "My Hub",
        "city": "Lyon",
        "coordinates": {"latitude": 45.7, "longitude": 4.8},
        "public": False,
        "ocpp_version": "OCPP2.0.1",
        "identity_prefix": "LYON-",
        "unknown": "ignored",
    }

    results = await create(tenant, network, {"template": "urban-ac-hub", "overrides": overrides})

    (site,) = results["created"]
    assert (site["name"], site["city"], site["country"], site["public"]) == ("My Hub", "Lyon", "FR", False)
    assert site["coordinates"] == overrides["coordinates"]
    assert {charger["ocpp_version"] for charger in site["chargers"]} == {"OCPP2.0.1"}
    assert all(charger["identity"].startswith("LYON-") for charger in site["chargers"])


async def test_repeated_templates_are_told_apart_in_their_identities(tenant: Tenant, network: dict[str, Any]) -> None:
    item = {"template": "residential-ac-single"}
    own = {**item, "overrides": {"identity_prefix": "OWN-"}}

    results = await create(tenant, network, item, own, item)

    first, other, second = [site["chargers"][0]["identity"] for site in results["created"]]
    assert other.startswith("OWN-")
    assert "L01_" in first
    assert "L02_" in second
    assert first.replace("L01_", "L02_") == second


async def test_a_site_that_fails_leaves_the_others_alone(tenant: Tenant, network: dict[str, Any]) -> None:
    unknown = full("003", brand_slug="nobody", identity_prefix="X-")

    results = await create(tenant, network, full("001"), {**unknown, "name": "Bad"}, full("002"))

    assert (results["created_count"], results["failed_count"]) == (2, 1)
    (failure,) = results["failed"]
    assert failure == {"index": 1, "name": "Bad", "error": failure["error"]}
    assert "nobody" in failure["error"]
    assert (await got(tenant, sites_of(network)))["total"] == 3


@pytest.mark.parametrize(
    ("locations", "loc"),
    [
        ([], ["body", "locations"]),
        (None, ["body", "locations"]),
        ([{}], ["body", "locations", 0, "name"]),
        ([SITE, {**SITE, "country": "X"}], ["body", "locations", 1, "country"]),
        ([{**SITE, "parking_type": "CAVE"}], ["body", "locations", 0, "parking_type"]),
        ([{"template": 5}], ["body", "locations", 0, "template"]),
        ([5], ["body", "locations", 0]),
        (
            [{**SITE, "charges": [{"template": {**CHARGER_TEMPLATE, "ws_url": "http://x"}, "charger_ids": []}]}],
            ["body", "locations", 0, "charges", 0, "template", "ws_url"],
        ),
        (
            [{**SITE, "charges": [{"template": {**CHARGER_TEMPLATE, "ocpp_version": "1.6"}, "charger_ids": []}]}],
            ["body", "locations", 0, "charges", 0, "template", "ocpp_version"],
        ),
        (
            [{**SITE, "charges": [{"template": CHARGER_TEMPLATE, "charger_ids": ["a b"]}]}],
            ["body", "locations", 0, "charges", 0, "charger_ids", 0],
        ),
        ([{**SITE, "charges": [THOUSAND] * 11}], ["body", "locations", 0, "charges"]),
        ([{**SITE, "charges": [THOUSAND] * 10}] * 11, ["body", "locations"]),
    ],
)
async def test_a_value_that_breaks_a_rule_is_named_in_422(
    owner: Tenant, standing: dict[str, Any], locations: Any, loc: list[Any]
) -> None:
    status, body = await owner.rest("POST", sites_of(standing), json={"locations": locations})

    assert status == 422
    assert body["detail"][0]["loc"] == loc


async def test_the_prefix_and_version_of_chargers_are_required_here(owner: Tenant, standing: dict[str, Any]) -> None:
    template = {key: CHARGER_TEMPLATE[key] for key in ("brand_slug", "model_slug", "connector_type", "ws_url")}
    item = {**SITE, "charges": [{"template": template, "charger_ids": ["1"]}]}

    status, body = await owner.rest("POST", sites_of(standing), json={"locations": [item]})

    assert status == 422
    assert {detail["loc"][-1] for detail in body["detail"]} == {"ocpp_version", "identity_prefix"}


async def test_an_unknown_template_is_400_and_named_by_its_place(owner: Tenant, standing: dict[str, Any]) -> None:
    answer = await owner.rest("POST", sites_of(standing), json={"locations": [SITE, {"template": "nothing"}]})

    assert answer == (400, {"detail": "locations.1.template: There is no location template 'nothing'."})


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"ocpp_version": "OCPP9"}, ".ocpp_version: Input should be 'OCPP1.6' or 'OCPP2.0.1'"),
        ({"country": "XXX"}, ".country: must be an ISO 3166-1 alpha-2 code"),
        ({"name": None}, ".name: Input should be a valid string"),
        ({"public": "no"}, ".public: Input should be a valid boolean"),
        (
            {"coordinates": {"latitude": "48.8", "longitude": True}},
            ".coordinates.latitude: Input should be a valid number; "
            "locations.1.overrides.coordinates.longitude: Input should be a valid number",
        ),
        ([1], ": must be an object"),
        ("x", ": must be an object"),
    ],
)
async def test_an_override_that_breaks_a_rule_is_named_in_400(
    owner: Tenant, standing: dict[str, Any], overrides: Any, told: str
) -> None:
    item = {"template": "urban-ac-hub", "overrides": overrides}

    answer = await owner.rest("POST", sites_of(standing), json={"locations": [SITE, item]})

    assert answer == (400, {"detail": f"locations.1.overrides{told}"})


async def test_an_infinite_override_is_named_in_400(owner: Tenant, standing: dict[str, Any]) -> None:
    options = _overridden('{"latitude": 1e999, "longitude": 0}', key="coordinates")

    status, body = await owner.rest("POST", sites_of(standing), **options)

    told = "locations.0.overrides.coordinates.latitude: Input should be a finite number"
    assert (status, body) == (400, {"detail": told})


@pytest.mark.parametrize("value", ["1e999", '{"y": [null, true]}', '"x"'])
async def test_an_override_that_nobody_knows_may_be_anything(
    tenant: Tenant, network: dict[str, Any], value: str
) -> None:
    status, body = await tenant.rest("POST", sites_of(network), **_overridden(value))

    assert status == 202, body


@pytest.mark.parametrize("value", ["9" * 400, '"a\\u0000b"', '{"a\\u0000b": 1}'])
async def test_an_override_that_no_database_can_hold_is_422(
    owner: Tenant, standing: dict[str, Any], value: str
) -> None:
    status, body = await owner.rest("POST", sites_of(standing), **_overridden(value))

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", "locations", 0, "overrides"]


def _overridden(value: str, *, key: str = "x") -> dict[str, Any]:
    """The options of a request whose overrides hold this JSON, under a key that nobody knows where none is given."""
    body = {"locations": [{"template": "residential-ac-single", "overrides": {key: "VALUE"}}]}
    return {"data": json.dumps(body).replace('"VALUE"', value), "headers": {"Content-Type": "application/json"}}


async def test_sites_are_not_accepted_before_their_network_is_ready(tenant: Tenant) -> None:
    network = await add_cpo(tenant, status="PENDING")

    status, body = await tenant.rest("POST", sites_of({"cpo_id": network.id}), json={"locations": [SITE]})

    reason = f"Network {network.id} is PENDING; it takes locations once it is provisioned."
    assert (status, body) == (400, {"detail": reason})


async def test_a_second_request_with_the_same_key_answers_the_first_job(
    tenant: Tenant, network: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "once"}
    body = {"locations": [SITE]}

    first = await made(tenant, sites_of(network), body, 202, headers=headers)
    second = await made(tenant, sites_of(network), body, 202, headers=headers)
    other, _ = await tenant.rest("POST", sites_of(network), json={"locations": [SITE, SITE]}, headers=headers)
    await ready(tenant, first["status_url"])

    assert second["job_id"] == first["job_id"]
    assert other == 400
    assert (await got(tenant, sites_of(network)))["total"] == 2


async def test_others_have_their_turn_while_a_large_request_is_read(tenant: Tenant) -> None:
    site = full(*(f"{number:03}" for number in range(10)))
    body = json.dumps({"locations": [site] * 10_000}).encode()
    headers = {"Content-Type": "application/json"}

    async with watched_turns() as turns:
        status, _ = await tenant.rest("POST", sites_of({"cpo_id": 999_999_999}), data=body, headers=headers)

    assert status == 404
    assert turns.longest_s < turns.worked_s / 5


async def test_others_have_their_turn_while_a_site_with_thousands_of_chargers_is_answered(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    site = await add_ocpi_location(tenant, cpo)
    await add_chargers(tenant, site.location_id, 5_000)
    path = f"{sites_of({'cpo_id': cpo.id})}/{site.id}"

    async with watched_turns() as turns:
        body = await sent(tenant, "PATCH", path, json={"name": "New"})

    assert body.count(b'"identity"') == 5_000
    assert turns.longest_s < turns.worked_s / A_TURN


async def test_others_have_their_turn_while_thousands_of_sites_that_a_job_made_are_answered(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    ids = await add_ocpi_locations(tenant, cpo, 5_000)
    job = await add_job(tenant, network_id=cpo.id, total=10_000, succeeded=5_000, failed=5_000)
    items: list[dict[str, Any]] = [{"status": "SUCCEEDED", "ocpi_location_id": id} for id in ids]
    items += [{"status": "FAILED", "error": {"code": "x", "message": "y"}} for _ in ids]
    rows = [{"job_id": job.id, "index": index, "payload": {}, **item} for index, item in enumerate(items)]
    async with writing(tenant) as session:
        await session.run_sync(insert_rows, JobItem, rows)

    async with watched_turns() as turns:
        body = await sent(tenant, "GET", f"{sites_of({'cpo_id': cpo.id})}/jobs/{job.id}")

    assert (body.count(b'"slug"'), body.count(b'"error":"y"')) == (5_000, 5_000)
    assert turns.longest_s < turns.worked_s / A_TURN


async def sent(tenant: Tenant, method: str, path: str, **options: Any) -> bytes:
    """The body of an answer as it came: to read JSON of this size would take a turn of its own."""
    url = f"{tenant.gateway.url}{path}"
    async with tenant.gateway.http.request(method, url, headers=tenant.headers, **options) as response:
        assert response.status == 200
        return await response.read()


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_an_idempotency_key_that_cannot_be_one_is_422(owner: Tenant, standing: dict[str, Any], key: str) -> None:
    status, body = await owner.rest(
        "POST", sites_of(standing), json={"locations": [SITE]}, headers={"Idempotency-Key": key}
    )

    assert status == 422
    assert body["detail"][0]["loc"] == ["header", "Idempotency-Key"]


async def test_sites_are_listed_newest_first_in_pages(tenant: Tenant, network: dict[str, Any]) -> None:
    for number in range(3):
        await create(tenant, network, {**full(f"{number}"), "name": f"Site {number}"})

    first = await got(tenant, f"{sites_of(network)}?limit=2")
    second = await got(tenant, f"{sites_of(network)}?limit=2&page=2")

    assert [row["name"] for row in (*first["data"], second["data"][0])] == ["Site 2", "Site 1", "Site 0"]
    assert (first["total"], first["page"], first["limit"]) == (4, 1, 2)
    assert [len(row["chargers"]) for row in first["data"]] == [1, 1]


async def test_an_update_changes_only_what_it_names(tenant: Tenant, network: dict[str, Any]) -> None:
    before = (await create(tenant, network, {**full("1"), "owner_name": "VINCI"}))["created"][0]
    path = f"{sites_of(network)}/{before['id']}"

    status, body = await tenant.rest(
        "PATCH", path, json={"name": "New", "owner_name": None, "parking_type": "ON_STREET"}
    )

    assert status == 200
    assert body == {**before, "name": "New", "owner_name": None, "updated_at": body["updated_at"]}
    assert body["updated_at"] > before["updated_at"]
    assert await got(tenant, path) == body


@pytest.mark.parametrize("changes", [{"name": None}, {"country": "X"}, {"parking_type": "CAVE"}, {"public": None}])
async def test_an_update_that_breaks_a_rule_is_422(
    tenant: Tenant, network: dict[str, Any], changes: dict[str, Any]
) -> None:
    site = (await create(tenant, network, SITE))["created"][0]

    status, body = await tenant.rest("PATCH", f"{sites_of(network)}/{site['id']}", json=changes)

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", *changes]


async def test_a_deleted_site_is_gone_and_deleting_it_again_is_404(tenant: Tenant, network: dict[str, Any]) -> None:
    site = (await create(tenant, network, full("1")))["created"][0]
    path = f"{sites_of(network)}/{site['id']}"

    assert await tenant.rest("DELETE", path) == (204, None)

    assert (await tenant.rest("GET", path))[0] == 404
    assert (await tenant.rest("DELETE", path))[0] == 404
    assert (await tenant.rest("GET", f"/ocpp/chargers/{site['chargers'][0]['id']}"))[0] == 404


async def test_a_site_is_in_its_own_network_only(tenant: Tenant, stranger: Tenant, network: dict[str, Any]) -> None:
    site = (await create(tenant, network, SITE))["created"][0]
    job = await made(tenant, sites_of(network), {"locations": [SITE]}, 202)
    await ended(tenant, job["status_url"])
    elsewhere = sites_of(await make_network(tenant, name_prefix="other"))
    theirs = sites_of(await make_network(stranger))

    for who, base in ((tenant, elsewhere), (stranger, sites_of(network)), (stranger, theirs)):
        assert (await who.rest("GET", f"{base}/{site['id']}"))[0] == 404
        assert (await who.rest("PATCH", f"{base}/{site['id']}", json={"name": "x"}))[0] == 404
        assert (await who.rest("DELETE", f"{base}/{site['id']}"))[0] == 404
        assert (await who.rest("GET", f"{base}/jobs/{job['job_id']}"))[0] == 404
    assert (await stranger.rest("POST", sites_of(network), json={"locations": [SITE]}))[0] == 404
    assert (await got(tenant, f"{sites_of(network)}/{site['id']}")) == site
