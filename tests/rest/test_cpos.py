"""Networks over REST (contract §10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.gateway import Tenant
from tests.support.rest import NETWORK, got, made, make_network, ready

PATH = "/ocpi/cpos"


async def create(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return await made(tenant, PATH, {**NETWORK, **changes}, 202)


async def lifetime(tenant: Tenant, network: dict[str, Any]) -> timedelta:
    created_at = (await got(tenant, network["destroy_url"]))["created_at"]
    return datetime.fromisoformat(network["expires_at"]) - datetime.fromisoformat(created_at)


async def test_a_network_is_accepted_with_all_that_its_peer_needs(tenant: Tenant) -> None:
    network = await create(tenant)

    id, token = network["cpo_id"], network["token_a"]
    peer_url = f"{tenant.gateway.url}/ocpi/2.2.1/versions"
    assert id.isdecimal()
    assert network == {
        "cpo_id": id,
        "party": {"country_code": "FR", "party_id": "ABC", "role": "CPO"},
        "name_prefix": "alice",
        "template": "small-urban-ac",
        "template_version": 1,
        "token_a": token,
        "ocpi_peer_url": peer_url,
        "roam_helper": {
            "credentials_payload": {"token": token, "url": peer_url},
            "curl_snippet": network["roam_helper"]["curl_snippet"],
        },
        "workflow_run_id": network["workflow_run_id"],
        "status": "PENDING",
        "status_url": f"{PATH}/{id}/status",
        "destroy_url": f"{PATH}/{id}",
        "expires_at": network["expires_at"],
    }
    assert network["workflow_run_id"].startswith("wfr_")
    assert network["roam_helper"]["curl_snippet"].startswith("curl -X POST ")


async def test_a_network_becomes_ready_with_what_its_template_says(tenant: Tenant) -> None:
    network = await create(tenant)

    status = await ready(tenant, network["status_url"])
    whole = await got(tenant, network["destroy_url"])

    assert status == {
        "cpo_id": network["cpo_id"],
        "status": "READY",
        "workflow_run_id": network["workflow_run_id"],
        "error": None,
        "progress": None,
        "provisioned_at": status["provisioned_at"],
        "created_at": whole["created_at"],
        "updated_at": status["updated_at"],
        "status_url": network["status_url"],
    }
    assert status["provisioned_at"].endswith("Z")
    assert whole == {
        **{key: network[key] for key in ("cpo_id", "party", "name_prefix", "template", "template_version")},
        "ocpi_peer_url": network["ocpi_peer_url"],
        "topology": {"locations": 2, "chargers": 6, "evses": 6, "connectors": 6},
        "expires_at": network["expires_at"],
        "report_url": f"{PATH}/{network['cpo_id']}/report",
        "destroy_url": network["destroy_url"],
        "created_at": whole["created_at"],
        "updated_at": whole["updated_at"],
    }


async def test_overrides_replace_the_sizes_of_the_template(tenant: Tenant) -> None:
    network = await make_network(tenant, overrides={"locations": 3, "chargers_per_location": 2})

    topology = (await got(tenant, network["destroy_url"]))["topology"]

    assert (topology["locations"], topology["chargers"]) == (3, 6)


@pytest.mark.parametrize(
    ("ttl", "lasts"),
    [
        ({}, timedelta(hours=1)),
        ({"ttl_seconds": 60}, timedelta(seconds=60)),
        ({"ttl_seconds": 604800}, timedelta(days=7)),
    ],
)
async def test_a_network_expires_after_its_ttl(tenant: Tenant, ttl: dict[str, int], lasts: timedelta) -> None:
    network = await create(tenant, **ttl)

    assert await lifetime(tenant, network) == lasts


async def test_a_ttl_of_null_is_no_end(tenant: Tenant) -> None:
    assert (await create(tenant, ttl_seconds=None))["expires_at"] is None


async def test_a_party_that_is_taken_is_varied(tenant: Tenant) -> None:
    first = await create(tenant, name_prefix="a")
    second = await create(tenant, name_prefix="b")

    assert first["party"]["party_id"] == "ABC"
    assert second["party"]["party_id"] != "ABC"
    assert second["party"]["party_id"].startswith("AB")


async def test_the_same_seed_gives_the_same_sites(tenant: Tenant, stranger: Tenant) -> None:
    sites = []
    for each in (tenant, stranger):
        network = await make_network(each, seed=42, overrides={"locations": 3})
        rows = (await got(each, f"{network['destroy_url']}/locations"))["data"]
        sites.append(
            sorted(
                (
                    row["name"],
                    row["address"],
                    row["city"],
                    row["coordinates"]["latitude"],
                    row["chargers"][0]["identity"],
                )
                for row in rows
            )
        )

    assert sites[0] == sites[1]


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"template": None}, ["body", "template"]),
        ({"country_code": "FRA"}, ["body", "country_code"]),
        ({"party_id": "AB"}, ["body", "party_id"]),
        ({"party_id": "A-C"}, ["body", "party_id"]),
        ({"name_prefix": ""}, ["body", "name_prefix"]),
        ({"role": "CPO"}, ["body", "role"]),
        ({"ocpi_version": "2.0"}, ["body", "ocpi_version"]),
        ({"seed": 2**31}, ["body", "seed"]),
        ({"seed": "42"}, ["body", "seed"]),
        ({"ttl_seconds": 59}, ["body", "ttl_seconds"]),
        ({"ttl_seconds": 604_801}, ["body", "ttl_seconds"]),
        ({"overrides": {"locations": 0}}, ["body", "overrides", "locations"]),
        ({"overrides": {"locations": 11}}, ["body", "overrides", "locations"]),
        ({"overrides": {"chargers_per_location": 21}}, ["body", "overrides", "chargers_per_location"]),
        ({"overrides": {"sites": 1}}, ["body", "overrides", "sites"]),
    ],
)
async def test_a_value_that_breaks_a_rule_is_named_in_422(
    tenant: Tenant, change: dict[str, Any], loc: list[str]
) -> None:
    status, body = await tenant.rest("POST", PATH, json={**NETWORK, **change})

    assert status == 422
    assert [detail["loc"] for detail in body["detail"]] == [loc]


async def test_a_whole_number_may_be_written_with_a_fraction_of_zero(tenant: Tenant) -> None:
    network = await create(tenant, ttl_seconds=120.0, seed=7.0)
    status, body = await tenant.rest("POST", PATH, json={**NETWORK, "seed": 7.5})

    assert await lifetime(tenant, network) == timedelta(seconds=120)
    assert (status, body["detail"][0]["loc"]) == (422, ["body", "seed"])


async def test_an_unknown_template_is_404(tenant: Tenant) -> None:
    assert (await tenant.rest("POST", PATH, json={**NETWORK, "template": "nothing"}))[0] == 404


async def test_an_emsp_may_speak_ocpi_2_1_1(tenant: Tenant) -> None:
    network = await create(tenant, role="emsp", ocpi_version="2.1.1")

    assert network["party"]["role"] == "EMSP"
    assert network["ocpi_peer_url"].endswith("/ocpi/2.1.1/versions")


async def test_networks_are_listed_newest_first_without_their_tokens(tenant: Tenant) -> None:
    ids = [(await make_network(tenant, name_prefix=f"n{number}"))["cpo_id"] for number in range(3)]

    first = await got(tenant, f"{PATH}?limit=2")
    second = await got(tenant, f"{PATH}?limit=2&page=2")

    assert [row["cpo_id"] for row in (*first["data"], *second["data"])] == ids[::-1]
    assert (first["total"], first["page"], first["limit"]) == (3, 1, 2)
    assert all("token_a" not in row and "roam_helper" not in row for row in first["data"])
    assert all(row["topology"]["chargers"] == 1 for row in first["data"])


async def test_a_report_names_party_sites_and_token(tenant: Tenant) -> None:
    network = await make_network(tenant)
    (site,) = (await got(tenant, f"{network['destroy_url']}/locations"))["data"]

    report = await got(tenant, f"{network['destroy_url']}/report")

    assert report["cpo_id"] == network["cpo_id"]
    lines = report["markdown"].splitlines()
    assert lines[0] == f"# CPO {network['cpo_id']} — alice (small-urban-ac)"
    assert "FR / ABC / CPO" in lines
    assert "## Locations (1)" in lines
    assert any(site["id"] in line and site["name"] in line and "1 charger" in line for line in lines)
    assert network["token_a"] in report["markdown"]


async def test_a_deleted_network_is_gone_with_its_sites_and_deleting_it_again_is_no_error(tenant: Tenant) -> None:
    network = await make_network(tenant)
    (site,) = (await got(tenant, f"{network['destroy_url']}/locations"))["data"]

    assert await tenant.rest("DELETE", network["destroy_url"]) == (204, None)

    for path in ("", "/status", "/report", "/locations", f"/locations/{site['id']}"):
        assert (await tenant.rest("GET", f"{network['destroy_url']}{path}"))[0] == 404
    assert (await tenant.rest("GET", f"/ocpp/locations/{site['ocpp_location_id']}"))[0] == 404
    assert (await got(tenant, "/ocpp/chargers"))["total"] == 0
    assert (await got(tenant, PATH))["total"] == 0
    assert await tenant.rest("DELETE", network["destroy_url"]) == (204, None)


async def test_a_network_may_be_deleted_while_it_is_provisioned(tenant: Tenant) -> None:
    network = await create(tenant, overrides={"locations": 10, "chargers_per_location": 20})

    assert await tenant.rest("DELETE", network["destroy_url"]) == (204, None)

    assert (await tenant.rest("GET", network["status_url"]))[0] == 404


@pytest.mark.parametrize("id", ["0", "2147483648", "9" * 40, "00"])
@pytest.mark.parametrize("path", ["", "/status", "/report", "/locations"])
async def test_a_number_that_no_network_has_is_404(tenant: Tenant, id: str, path: str) -> None:
    assert (await tenant.rest("GET", f"{PATH}/{id}{path}"))[0] == 404
    if path == "":
        assert await tenant.rest("DELETE", f"{PATH}/{id}") == (204, None)


@pytest.mark.parametrize("id", ["abc", "-1", "1.0", "%D9%A3"])
async def test_an_id_that_is_no_number_is_422(tenant: Tenant, id: str) -> None:
    status, body = await tenant.rest("GET", f"{PATH}/{id}")

    assert status == 422
    assert body["detail"][0]["loc"] == ["path", "cpo_id"]


async def test_another_organization_sees_nothing_of_a_network(tenant: Tenant, stranger: Tenant) -> None:
    network = await make_network(tenant)

    for path in ("", "/status", "/report", "/locations"):
        assert (await stranger.rest("GET", f"{network['destroy_url']}{path}"))[0] == 404
    assert await stranger.rest("DELETE", network["destroy_url"]) == (204, None)
    assert (await got(stranger, PATH))["total"] == 0
    assert (await got(tenant, network["destroy_url"]))["cpo_id"] == network["cpo_id"]


async def test_a_second_request_with_the_same_key_answers_the_first_network(tenant: Tenant) -> None:
    headers = {"Idempotency-Key": "once"}

    first = await made(tenant, PATH, NETWORK, 202, headers=headers)
    second = await made(tenant, PATH, NETWORK, 202, headers=headers)
    other, _ = await tenant.rest("POST", PATH, json={**NETWORK, "name_prefix": "bob"}, headers=headers)

    assert (second["cpo_id"], second["token_a"]) == (first["cpo_id"], first["token_a"])
    assert other == 400
    assert (await got(tenant, PATH))["total"] == 1


async def test_a_lifetime_of_null_is_another_input_than_one_left_out(tenant: Tenant) -> None:
    headers = {"Idempotency-Key": "once"}
    endless = {**NETWORK, "ttl_seconds": None}

    await made(tenant, PATH, NETWORK, 202, headers=headers)

    assert (await tenant.rest("POST", PATH, json=endless, headers=headers))[0] == 400
