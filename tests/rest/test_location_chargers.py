"""The chargers of one site over REST (contract §6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.gateway import Tenant
from tests.support.rest import CHARGER_TEMPLATE, got, made, make_chargers, make_location, ready

MINIMAL = {key: CHARGER_TEMPLATE[key] for key in ("brand_slug", "model_slug", "connector_type", "ws_url")}


@pytest.fixture
async def path(tenant: Tenant) -> str:
    """The chargers of a new site."""
    return f"/ocpp/locations/{(await make_location(tenant))['id']}/chargers"


def group(template: dict[str, Any] | None = None, **sizes: Any) -> dict[str, Any]:
    return {"template": {**CHARGER_TEMPLATE, **(template or {})}, **sizes}


async def create(tenant: Tenant, path: str, *groups: dict[str, Any]) -> dict[str, Any]:
    job = await made(tenant, path, list(groups), 202)
    results: dict[str, Any] = (await ready(tenant, job["status_url"]))["results"]
    return results


async def test_a_bulk_request_is_a_job_with_its_results(tenant: Tenant, path: str) -> None:
    job = await made(tenant, path, [group({"template_name": "Bay"}, charger_ids=["001", "002"])], 202)
    answer = await ready(tenant, job["status_url"])

    assert job == {
        "job_id": job["job_id"],
        "status": "PENDING",
        "workflow_run_id": job["workflow_run_id"],
        "status_url": f"{path}/jobs/{job['job_id']}",
    }
    created = answer["results"]["created"]
    assert answer == {
        "job_id": job["job_id"],
        "job_type": "BULK_CREATE_CHARGERS",
        "status": "READY",
        "workflow_run_id": job["workflow_run_id"],
        "error": None,
        "results": {"created_count": 2, "failed_count": 0, "created": created, "failed": []},
        "provisioned_at": answer["provisioned_at"],
    }
    assert [(row["identity"], row["name"]) for row in created] == [("PARIS-001", "Bay 001"), ("PARIS-002", "Bay 002")]
    assert await got(tenant, f"/ocpp/chargers/{created[0]['id']}") == created[0]


@pytest.mark.parametrize(
    ("sizes", "given", "random"),
    [
        ({"charger_ids": ["a", "b"]}, ["a", "b"], 0),
        ({"chargers_number": 3}, [], 3),
        ({"charger_ids": ["a", "b"], "chargers_number": 3}, ["a", "b"], 1),
        ({"charger_ids": ["a", "b"], "chargers_number": 1}, ["a"], 0),
    ],
)
async def test_ids_come_first_then_random_ones_up_to_the_number(
    tenant: Tenant, path: str, sizes: dict[str, Any], given: list[str], random: int
) -> None:
    results = await create(tenant, path, group({"identity_prefix": "P-"}, **sizes))

    suffixes = [row["identity"].removeprefix("P-") for row in results["created"]]
    assert suffixes[: len(given)] == given
    assert len(suffixes) == len(given) + random
    assert all(int(suffix, 16) >= 0 for suffix in suffixes[len(given) :])


async def test_prefix_name_and_version_may_be_left_out(tenant: Tenant, path: str) -> None:
    results = await create(tenant, path, {"template": MINIMAL, "charger_ids": ["solo"]})

    (charger,) = results["created"]
    assert (charger["identity"], charger["ocpp_version"]) == ("solo", "OCPP1.6")


async def test_an_identity_that_is_in_use_fails_alone(tenant: Tenant, path: str) -> None:
    results = await create(tenant, path, group(charger_ids=["1", "2"]), group(charger_ids=["2", "3"]))

    assert [row["identity"] for row in results["created"]] == ["PARIS-1", "PARIS-2", "PARIS-3"]
    assert results["failed"] == [{"identity": "PARIS-2", "error": "Already in use: PARIS-2."}]
    assert (results["created_count"], results["failed_count"]) == (3, 1)


async def test_an_unknown_model_fails_its_chargers(tenant: Tenant, path: str) -> None:
    results = await create(tenant, path, group({"model_slug": "nothing"}, charger_ids=["1"]), group(charger_ids=["2"]))

    assert results["failed"] == [{"identity": "PARIS-1", "error": "schneider has no model nothing."}]
    assert [row["identity"] for row in results["created"]] == ["PARIS-2"]


async def test_an_identity_that_is_too_long_fails_its_charger(tenant: Tenant, path: str) -> None:
    long = group({"identity_prefix": "P" * 24}, charger_ids=["1" * 48])

    results = await create(tenant, path, long, group(charger_ids=["2"]))

    assert (results["created_count"], results["failed_count"]) == (1, 1)
    assert "48 characters" in results["failed"][0]["error"]


async def test_a_name_has_at_most_255_characters(tenant: Tenant, path: str) -> None:
    results = await create(tenant, path, group({"template_name": "x" * 255}, charger_ids=["1"]))

    assert results["failed"] == []
    assert len(results["created"][0]["name"]) == 255


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ([], ["body"]),
        ({}, ["body"]),
        ([{}], ["body", 0, "template"]),
        ([group()], ["body", 0, "charger_ids"]),
        ([group(charger_ids=[])], ["body", 0, "charger_ids"]),
        ([group(charger_ids=["a b"])], ["body", 0, "charger_ids", 0]),
        ([group(chargers_number=0)], ["body", 0, "chargers_number"]),
        ([group(chargers_number=True)], ["body", 0, "chargers_number"]),
        ([group({"ws_url": "csms"}, chargers_number=1)], ["body", 0, "template", "ws_url"]),
        ([group(chargers_number=10_000)] * 100, ["body"]),
    ],
)
async def test_a_value_that_breaks_a_rule_is_named_in_422(tenant: Tenant, path: str, body: Any, loc: list[Any]) -> None:
    status, answer = await tenant.rest("POST", path, json=body)

    assert status == 422
    assert answer["detail"][0]["loc"] == loc


async def test_the_chargers_of_a_site_are_listed_and_may_be_picked(tenant: Tenant, path: str) -> None:
    first, second, _ = await make_chargers(tenant, path.split("/")[3], "1", "2", "3")

    whole = await got(tenant, path)
    picked = await got(tenant, f"{path}?charger_ids={first['id']}&charger_ids={second['id']}&charger_ids=unknown")
    page = await got(tenant, f"{path}?page=2&limit=2")

    assert whole["total"] == 3
    assert {row["id"] for row in picked["data"]} == {first["id"], second["id"]}
    assert (picked["total"], len(page["data"]), page["total"]) == (2, 1, 3)


async def test_chargers_are_changed_each_by_itself(tenant: Tenant, path: str) -> None:
    first, second = await make_chargers(tenant, path.split("/")[3], "1", "2")
    (elsewhere,) = await make_chargers(tenant, (await make_location(tenant))["id"], "3")
    items = [
        {"charger_id": first["id"], "charge_point_name": "Bay 1", "name": "other"},
        {"charger_id": elsewhere["id"], "name": "Bay 2"},
        {"charger_id": "unknown", "name": "Bay 3"},
        {"charger_id": second["id"], "connector_type": "CHAdeMO"},
        {"charger_id": second["id"], "name": "Bay 4"},
    ]

    status, body = await tenant.rest("PUT", path, json={"chargers": items})

    assert status == 200
    assert (body["updated_count"], body["failed_count"]) == (2, 3)
    assert [(row["id"], row["name"]) for row in body["updated"]] == [(first["id"], "Bay 1"), (second["id"], "Bay 4")]
    no_connector = "evlink-pro-ac-22kw has no connector of type CHAdeMO; it offers Type2, CCS2."
    assert body["failed"] == [
        {"charger_id": elsewhere["id"], "error": f"There is no charger '{elsewhere['id']}'."},
        {"charger_id": "unknown", "error": "There is no charger 'unknown'."},
        {"charger_id": second["id"], "error": no_connector},
    ]


@pytest.mark.parametrize(
    ("chargers", "loc"),
    [
        (None, ["body", "chargers"]),
        ([{}], ["body", "chargers", 0, "charger_id"]),
        ([{"charger_id": "x", "ws_url": "y"}], ["body", "chargers", 0, "ws_url"]),
    ],
)
async def test_a_bulk_update_that_breaks_a_rule_is_422(
    tenant: Tenant, path: str, chargers: Any, loc: list[Any]
) -> None:
    status, body = await tenant.rest("PUT", path, json={"chargers": chargers})

    assert status == 422
    assert body["detail"][0]["loc"] == loc


async def test_chargers_are_deleted_each_by_itself(tenant: Tenant, path: str) -> None:
    first, second = await make_chargers(tenant, path.split("/")[3], "1", "2")

    status, body = await tenant.rest("DELETE", f"{path}?charger_ids={first['id']}&charger_ids=unknown")

    assert status == 200
    assert body == {
        "deleted_count": 1,
        "failed_count": 1,
        "deleted": [first["id"]],
        "failed": [{"charger_id": "unknown", "error": "There is no charger 'unknown'."}],
    }
    assert [row["id"] for row in (await got(tenant, path))["data"]] == [second["id"]]


async def test_a_bulk_delete_that_names_nothing_deletes_nothing(tenant: Tenant, path: str) -> None:
    await make_chargers(tenant, path.split("/")[3], "1")

    status, body = await tenant.rest("DELETE", path)

    assert status == 422
    assert body["detail"][0]["loc"] == ["query", "charger_ids"]
    assert (await got(tenant, path))["total"] == 1


async def test_a_second_request_with_the_same_key_answers_the_first_job(tenant: Tenant, path: str) -> None:
    headers = {"Idempotency-Key": "once"}

    first = await made(tenant, path, [group(charger_ids=["1"])], 202, headers=headers)
    second = await made(tenant, path, [group(charger_ids=["1"])], 202, headers=headers)
    other, _ = await tenant.rest("POST", path, json=[group(charger_ids=["2"])], headers=headers)

    assert second["job_id"] == first["job_id"]
    assert other == 400


async def test_a_site_that_is_unknown_or_foreign_is_404(tenant: Tenant, stranger: Tenant, path: str) -> None:
    job = await made(tenant, path, [group(charger_ids=["1"])], 202)

    for who, base in ((stranger, path), (tenant, "/ocpp/locations/unknown/chargers")):
        assert (await who.rest("GET", base))[0] == 404
        assert (await who.rest("POST", base, json=[group(charger_ids=["1"])]))[0] == 404
        assert (await who.rest("GET", f"{base}/jobs/{job['job_id']}"))[0] == 404
        assert (await who.rest("PUT", base, json={"chargers": []}))[0] == 404
        assert (await who.rest("DELETE", f"{base}?charger_ids=x"))[0] == 404
    assert (await tenant.rest("GET", f"{path}/jobs/unknown"))[0] == 404
    assert (await tenant.rest("GET", f"/ocpi/cpos/99999999999/locations/jobs/{job['job_id']}"))[0] == 404
