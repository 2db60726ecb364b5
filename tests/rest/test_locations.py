"""Sites over REST (contract §4)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from tests.support.gateway import Tenant
from tests.support.rest import SITE, make_location

PATH = "/ocpp/locations"


async def test_a_created_site_is_answered_whole_with_its_defaults(tenant: Tenant) -> None:
    status, body = await tenant.rest("POST", PATH, json=SITE)

    assert status == 201
    assert body == {
        **SITE,
        "id": body["id"],
        "slug": body["slug"],
        "timezone": None,
        "owner_name": None,
        "public": True,
        "status": "active",
        "created_at": body["created_at"],
        "updated_at": body["created_at"],
    }
    assert body["slug"].startswith("la-defense-charging-hub-")
    assert body["created_at"].endswith("Z")
    assert await tenant.rest("GET", f"{PATH}/{body['id']}") == (200, body)


async def test_texts_are_trimmed_and_the_country_is_upper_case(tenant: Tenant) -> None:
    body = await make_location(
        tenant, name="  Hub ", country="fr", timezone="Europe/Paris", owner_name=" VINCI ", public=False
    )

    assert (body["name"], body["country"], body["owner_name"], body["public"]) == ("Hub", "FR", "VINCI", False)


@pytest.mark.parametrize(
    ("change", "loc", "type_"),
    [
        ({"name": None}, ["body", "name"], "string_type"),
        ({"name": "  "}, ["body", "name"], "string_too_short"),
        ({"name": "x" * 256}, ["body", "name"], "string_too_long"),
        ({"name": 5}, ["body", "name"], "string_type"),
        ({"name": "a\0b"}, ["body", "name"], "value_error"),
        ({"country": "FRA"}, ["body", "country"], "value_error"),
        ({"timezone": "Paris"}, ["body", "timezone"], "value_error"),
        ({"public": "yes"}, ["body", "public"], "bool_type"),
        ({"coordinates": {"latitude": 90.1, "longitude": 0}}, ["body", "coordinates", "latitude"], "less_than_equal"),
        ({"coordinates": {"latitude": 1}}, ["body", "coordinates", "longitude"], "missing"),
        ({"coordinates": [1, 2]}, ["body", "coordinates"], "model_type"),
    ],
)
async def test_a_value_that_breaks_a_rule_is_named_in_422(
    tenant: Tenant, change: dict[str, Any], loc: list[str], type_: str
) -> None:
    status, body = await tenant.rest("POST", PATH, json={**SITE, **change})

    assert status == 422
    assert [(detail["loc"], detail["type"]) for detail in body["detail"]] == [(loc, type_)]


async def test_every_missing_field_is_named(tenant: Tenant) -> None:
    status, body = await tenant.rest("POST", PATH, json={})

    assert status == 422
    assert {
        "type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {},
    } in body["detail"]  # fmt: skip
    assert [detail["loc"][1] for detail in body["detail"]] == ["name", "address", "city", "country", "coordinates"]


@pytest.mark.parametrize(
    ("data", "content_type", "type_"),
    [
        (b"", "application/json", "missing"),
        (b"{", "application/json", "json_invalid"),
        (b'{"name": "\xff"}', "application/json", "json_invalid"),
        (b'{"name": "\\ud800"}', "application/json", "json_invalid"),
        (b'{"name": NaN}', "application/json", "json_invalid"),
        (b"[" * 100_000, "application/json", "json_invalid"),
        (b'{"a":' * 100_000, "application/json", "json_invalid"),
        (b"[]", "application/json", "model_type"),
        (b"null", "application/json", "model_type"),
        (b'"x"', "application/json", "model_type"),
        (b"name=x", "application/x-www-form-urlencoded", "content_type"),
        (b"{}", "application/jsonfoo", "content_type"),
    ],
)
async def test_a_body_that_is_no_object_in_json_is_422(
    tenant: Tenant, data: bytes, content_type: str, type_: str
) -> None:
    status, body = await tenant.rest("POST", PATH, data=data, headers={"Content-Type": content_type})

    assert status == 422
    assert [(detail["loc"], detail["type"]) for detail in body["detail"]] == [(["body"], type_)]


async def test_what_a_finding_repeats_of_the_request_is_bounded(tenant: Tenant) -> None:
    status, body = await tenant.rest("POST", PATH, json={**SITE, "name": "x" * 100_000, "city": ["y"] * 10_000})

    assert status == 422
    assert len(str(body)) < 2_000


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "-1e400"])
async def test_a_number_beyond_all_bounds_is_422(tenant: Tenant, number: str) -> None:
    data = json.dumps(SITE).replace("48.8566", number)
    status, body = await tenant.rest("POST", PATH, data=data, headers={"Content-Type": "application/json"})

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", "coordinates", "latitude"]


async def test_an_update_changes_only_what_it_names(tenant: Tenant) -> None:
    before = await make_location(tenant, timezone="Europe/Paris", owner_name="VINCI")

    status, body = await tenant.rest("PUT", f"{PATH}/{before['id']}", json={"city": "Lyon", "owner_name": None})

    assert status == 200
    assert body == {**before, "city": "Lyon", "owner_name": None, "updated_at": body["updated_at"]}
    assert body["updated_at"] > before["updated_at"]
    assert await tenant.rest("GET", f"{PATH}/{before['id']}") == (200, body)


async def test_an_update_may_set_slug_and_status_and_renaming_keeps_the_slug(tenant: Tenant) -> None:
    before = await make_location(tenant)

    _, renamed = await tenant.rest("PUT", f"{PATH}/{before['id']}", json={"name": "Other"})
    _, body = await tenant.rest("PUT", f"{PATH}/{before['id']}", json={"slug": "my-hub", "status": "closed"})

    assert renamed["slug"] == before["slug"]
    assert (body["slug"], body["status"], body["name"]) == ("my-hub", "closed", "Other")


@pytest.mark.parametrize("field", ["slug", "name", "address", "city", "country", "coordinates", "public", "status"])
async def test_null_is_refused_where_a_site_must_have_a_value(tenant: Tenant, field: str) -> None:
    site = await make_location(tenant)

    status, body = await tenant.rest("PUT", f"{PATH}/{site['id']}", json={field: None})

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize("changes", [{"status": "x" * 33}, {"slug": "Not A Slug"}, {"slug": "x" * 81}, {"name": " "}])
async def test_an_update_that_breaks_a_rule_is_422(tenant: Tenant, changes: dict[str, str]) -> None:
    site = await make_location(tenant)

    status, body = await tenant.rest("PUT", f"{PATH}/{site['id']}", json=changes)

    assert status == 422
    assert body["detail"][0]["loc"] == ["body", *changes]


async def test_a_slug_that_is_taken_is_400(tenant: Tenant) -> None:
    taken, other = await make_location(tenant), await make_location(tenant)

    status, body = await tenant.rest("PUT", f"{PATH}/{other['id']}", json={"slug": taken["slug"]})

    reason = "Another location of the organization has this slug; choose another one."
    assert (status, body) == (400, {"detail": reason})


async def test_a_deleted_site_is_gone_and_deleting_it_again_is_no_error(tenant: Tenant) -> None:
    site = await make_location(tenant)

    assert await tenant.rest("DELETE", f"{PATH}/{site['id']}") == (204, None)
    assert (await tenant.rest("GET", f"{PATH}/{site['id']}"))[0] == 404
    assert (await tenant.rest("PUT", f"{PATH}/{site['id']}", json={}))[0] == 404
    assert await tenant.rest("DELETE", f"{PATH}/{site['id']}") == (204, None)


async def test_a_list_has_the_newest_first_and_pages_that_do_not_overlap(tenant: Tenant) -> None:
    sites = [await make_location(tenant, name=f"Site {number}") for number in range(5)]

    pages = [await tenant.rest("GET", f"{PATH}?page={page}&limit=2") for page in (1, 2, 3, 4)]

    assert [status for status, _ in pages] == [200] * 4
    assert [row["id"] for _, body in pages for row in body["data"]] == [site["id"] for site in reversed(sites)]
    assert [len(body["data"]) for _, body in pages] == [2, 2, 1, 0]
    assert [(body["total"], body["page"], body["limit"]) for _, body in pages] == [(5, n, 2) for n in (1, 2, 3, 4)]


async def test_a_list_begins_at_page_1_with_50_rows(tenant: Tenant) -> None:
    assert await tenant.rest("GET", PATH) == (200, {"data": [], "total": 0, "page": 1, "limit": 50})


async def test_the_last_page_number_is_an_empty_page(tenant: Tenant) -> None:
    status, body = await tenant.rest("GET", f"{PATH}?page=2147483647&limit=100")

    assert (status, body["data"]) == (200, [])


async def test_of_a_parameter_that_is_sent_twice_the_last_counts(tenant: Tenant) -> None:
    _, body = await tenant.rest("GET", f"{PATH}?limit=3&limit=7")

    assert body["limit"] == 7


@pytest.mark.parametrize(
    ("query", "name", "type_"),
    [
        ("page=0", "page", "greater_than_equal"),
        ("page=-1", "page", "greater_than_equal"),
        ("page=2147483648", "page", "less_than_equal"),
        (f"page={'9' * 40}", "page", "less_than_equal"),
        (f"page={'9' * 5000}", "page", "int_parsing_size"),
        ("page=", "page", "int_parsing"),
        ("page=%ff", "page", "int_parsing"),
        ("limit=0", "limit", "greater_than_equal"),
        ("limit=101", "limit", "less_than_equal"),
        ("limit=1.5", "limit", "int_parsing"),
    ],
)
async def test_a_page_out_of_bounds_is_422(tenant: Tenant, query: str, name: str, type_: str) -> None:
    status, body = await tenant.rest("GET", f"{PATH}?{query}")

    assert status == 422
    assert [(detail["loc"], detail["type"]) for detail in body["detail"]] == [(["query", name], type_)]


@pytest.mark.parametrize("id", ["unknown", "%F0%9F%94%8C", "..%2Fx", "019aa45d-0f7b-7c51-9d3c-0b8f6d7a2e11", "a" * 255])
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_an_unknown_site_is_404(tenant: Tenant, method: str, id: str) -> None:
    answer = await tenant.rest(method, f"{PATH}/{id}", json={} if method == "PUT" else None)

    assert answer == (404, {"detail": f"There is no location {unquote(id)!r}."})


@pytest.mark.parametrize("id", ["a%00b", "a" * 256])
async def test_an_id_that_cannot_be_one_is_422(tenant: Tenant, id: str) -> None:
    status, body = await tenant.rest("GET", f"{PATH}/{id}")

    assert status == 422
    assert body["detail"][0]["loc"] == ["path", "location_id"]


async def test_another_organization_sees_nothing_of_a_site(tenant: Tenant, stranger: Tenant) -> None:
    site = await make_location(tenant)

    unknown = await stranger.rest("GET", f"{PATH}/{site['id'][::-1]}")
    foreign = await stranger.rest("GET", f"{PATH}/{site['id']}")

    assert foreign[0] == unknown[0] == 404
    assert (await stranger.rest("PUT", f"{PATH}/{site['id']}", json={"name": "mine"}))[0] == 404
    assert await stranger.rest("DELETE", f"{PATH}/{site['id']}") == (204, None)
    assert (await stranger.rest("GET", PATH))[1]["total"] == 0
    assert await tenant.rest("GET", f"{PATH}/{site['id']}") == (200, site)
