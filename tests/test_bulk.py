"""Bulk creation: what one site is made of, what fails alone, and that a request is carried out once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from storage.models import ChargePoint, Job, Location
from tests.support.factories import add_cpo, writing
from tests.support.gateway import Tenant
from tests.support.jobs import BULK, over, row_counts, site, sites, start_bulk


async def test_a_site_is_one_row_in_each_of_its_tables_and_one_per_connector_below(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)

    job = await over(tenant, await start_bulk(tenant, cpo.id, [site("Rastplatz", chargers=2)]))

    assert job["status"] == "READY"
    assert await row_counts(tenant) == {
        "locations": 1,
        "ocpi_locations": 1,
        "deployments": 2,
        "charge_points": 2,
        "charge_point_connectors": 4,
        "ocpi_evses": 4,
        "ocpi_connectors": 4,
        "topologies": 5,  # one per EVSE, and the location's default
        "job_items": 1,
        "job_events": 3,  # begun, the item, over
    }


async def test_the_first_charger_of_a_location_alone_has_the_default_route(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    await over(tenant, await start_bulk(tenant, cpo.id, [site("Rastplatz", chargers=3, prefix="R-")]))

    data = await tenant.data(
        "{ chargers(orderBy: [{field: IDENTITY, direction: ASC}]) { nodes { topologyDefaultId } } }"
    )

    default, *others = (charger["topologyDefaultId"] for charger in data["chargers"]["nodes"])
    assert default.startswith("top-")
    assert others == [None, None]


async def test_each_charger_of_a_job_has_a_serial_number_of_its_own(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    wanted = [site(f"Rastplatz {number}", chargers=3, prefix=f"{number}-") for number in range(4)]
    await over(tenant, await start_bulk(tenant, cpo.id, wanted))

    async with tenant.gateway.services.database.read(tenant.organization_id) as session:
        serials = (await session.scalars(select(ChargePoint.serial_number))).all()

    assert len(set(serials)) == len(serials) == 12


BAD_SITES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (site("a", chargers=1, template={"brandSlug": "nobody"}), {"code": "unknown_brand", "param": "brand_slug"}),
    (site("b", chargers=1, template={"modelSlug": "nothing"}), {"code": "unknown_model", "param": "model_slug"}),
    (
        site("c", chargers=1, template={"connectorType": "Type2"}),
        {"code": "unsupported_connector", "param": "connector_type"},
    ),
    (
        site("d", charges=[{**site("", chargers=1)["location"]["charges"][0], "chargerIds": ["7", "7"]}]),
        {"code": "identity_conflict", "param": "identity"},
    ),
    (
        site("e", charges=[{**site("", chargers=1)["location"]["charges"][0], "chargerIds": ["7" * 48]}]),
        {"code": "invalid_identity", "param": "identity_prefix"},
    ),
]


async def test_each_bad_site_fails_with_its_reason_and_leaves_its_neighbours_alone(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    bad = [location for location, _ in BAD_SITES]

    job = await over(tenant, await start_bulk(tenant, cpo.id, [site("good"), *bad, site("fine", chargers=1)]))

    assert job["status"] == "READY"
    assert (job["progress"]["succeeded"], job["progress"]["failed"]) == (2, len(bad))
    first, *failed, last = job["items"]["nodes"]
    assert [first["status"], last["status"]] == ["SUCCEEDED", "SUCCEEDED"]
    for item, (_, expected) in zip(failed, BAD_SITES, strict=True):
        error = item["error"]
        assert {"code": error["code"], "param": error["param"]} == expected
        assert error["retryable"] is False
        assert error["step"]
        assert item["attempts"] == 1
    counts = await row_counts(tenant)
    assert (counts["locations"], counts["deployments"], counts["charge_points"]) == (2, 1, 1)


async def test_an_identity_that_two_sites_want_goes_to_one_of_them(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)

    job = await over(tenant, await start_bulk(tenant, cpo.id, sites(2, chargers=1, prefix="SAME-")))

    assert [item["error"] and item["error"]["code"] for item in job["items"]["nodes"]] == [None, "identity_conflict"]
    assert "SAME-01" in job["items"]["nodes"][1]["error"]["message"]


async def test_thousands_of_sites_of_one_name_have_slugs_of_their_own(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)

    job = await over(tenant, await start_bulk(tenant, cpo.id, [site("Ladepark") for _ in range(300)]))

    assert job["progress"]["succeeded"] == 300
    async with writing(tenant) as session:
        slugs = set(await session.scalars(select(Location.slug)))
    assert len(slugs) == 300


async def test_requests_with_one_key_that_race_make_one_job(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    wanted = sites(3)

    ids = await asyncio.gather(*(start_bulk(tenant, cpo.id, wanted, idempotencyKey="race") for _ in range(8)))

    assert len(set(ids)) == 1
    await over(tenant, ids[0])
    assert (await row_counts(tenant))["locations"] == 3


async def test_a_key_with_another_input_is_a_conflict(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    await start_bulk(tenant, cpo.id, sites(1), idempotencyKey="k")

    result = await tenant.graphql(BULK, input={"cpoId": str(cpo.id), "locations": sites(2), "idempotencyKey": "k"})

    assert result["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_two_tenants_may_use_the_same_key(tenant: Tenant, stranger: Tenant) -> None:
    ours, theirs = await add_cpo(tenant), await add_cpo(stranger)

    first = await start_bulk(tenant, ours.id, sites(1), idempotencyKey="k")
    second = await start_bulk(stranger, theirs.id, sites(1), idempotencyKey="k")

    assert first != second


async def test_a_network_of_another_tenant_is_not_found(tenant: Tenant, stranger: Tenant) -> None:
    cpo = await add_cpo(stranger)

    result = await tenant.graphql(BULK, input={"cpoId": str(cpo.id), "locations": sites(1)})

    assert result["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await row_counts(tenant))["job_items"] == 0


@pytest.mark.parametrize("count", [1, 100, 101, 251])
async def test_every_size_of_job_makes_each_site_once(tenant: Tenant, count: int) -> None:
    cpo = await add_cpo(tenant)

    job = await over(tenant, await start_bulk(tenant, cpo.id, sites(count)))

    assert job["progress"] == {
        "total": count, "succeeded": count, "failed": 0, "percent": 100.0, "currentStep": None
    }  # fmt: skip
    counts = await row_counts(tenant)
    assert (counts["locations"], counts["job_items"], counts["job_events"]) == (count, count, count + 2)


async def test_a_tenant_with_too_many_open_jobs_is_told_when_to_come_back(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    limit = tenant.gateway.services.settings.max_open_jobs
    async with writing(tenant) as session:  # jobs that nothing works on
        session.add_all(Job(type="BULK_CREATE_OCPI_LOCATIONS", total=1, network_id=cpo.id) for _ in range(limit))

    body = {"locations": [{"template": "residential-ac-single"}]}
    async with tenant.gateway.http.post(
        f"{tenant.gateway.url}/ocpi/cpos/{cpo.id}/locations", json=body, headers=tenant.headers
    ) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 0
    result = await tenant.graphql(BULK, input={"cpoId": str(cpo.id), "locations": sites(1)})

    assert result["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    async with writing(tenant) as session:
        for job in await session.scalars(select(Job)):
            await session.delete(job)


async def test_a_tenant_with_too_many_open_items_is_told_when_to_come_back(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    limit = tenant.gateway.services.settings.max_open_items
    async with writing(tenant) as session:
        session.add(Job(type="BULK_CREATE_OCPI_LOCATIONS", total=limit, network_id=cpo.id))

    result = await tenant.graphql(BULK, input={"cpoId": str(cpo.id), "locations": sites(1)})

    assert result["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    async with writing(tenant) as session:
        for job in await session.scalars(select(Job)):
            await session.delete(job)
