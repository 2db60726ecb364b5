"""Sites over GraphQL: their life, and what can be wrong with it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.factories import add_charger, add_chargers, add_cpo, add_location, add_ocpi_location
from tests.support.gateway import Tenant
from tests.support.jobs import row_counts
from tests.support.one_database import POSTGRESQL

SITE = {
    "name": "La Défense Charging Hub",
    "address": "14 Rue de la Paix",
    "city": "Paris",
    "country": "fr",
    "coordinates": {"latitude": 48.8566, "longitude": 2.3522},
}

CREATE = """
mutation ($input: CreateLocationInput!) {
  createLocation(input: $input) {
    location {
      id slug name address city country coordinates { latitude longitude } timezone ownerName public status
      createdAt updatedAt chargers { totalCount nodes { id } } ocpiLocation { id }
    }
  }
}
"""
UPDATE = """
mutation ($input: UpdateLocationInput!) {
  updateLocation(input: $input) { location { slug name city timezone ownerName public status updatedAt } }
}
"""
DELETE = "mutation ($id: ID!) { deleteLocation(input: {id: $id}) { deletedId } }"
MOST_VALUES = 32_767  # of one statement on PostgreSQL
READ = "query ($id: ID!) { location(id: $id) { id name updatedAt } }"


async def test_a_new_location_has_the_defaults_of_the_contract(tenant: Tenant) -> None:
    data = await tenant.data(CREATE, input=SITE)

    location = data["createLocation"]["location"]
    assert re.fullmatch("la-defense-charging-hub-[0-9a-f]{8}", location.pop("slug"))
    assert re.fullmatch("[0-9a-f-]{36}", location.pop("id"))
    assert location.pop("createdAt") == location.pop("updatedAt")
    assert location == {
        **SITE,
        "country": "FR",
        "timezone": None,
        "ownerName": None,
        "public": True,
        "status": "active",
        "chargers": {"totalCount": 0, "nodes": []},
        "ocpiLocation": None,
    }


async def test_a_created_location_is_found_by_its_id_and_by_node(tenant: Tenant) -> None:
    created = (await tenant.data(CREATE, input=SITE))["createLocation"]["location"]

    document = "query ($id: ID!) { location(id: $id) { name } node(id: $id) { __typename id } }"
    data = await tenant.data(document, id=created["id"])

    assert data == {
        "location": {"name": SITE["name"]},
        "node": {"__typename": "Location", "id": created["id"]},
    }


async def test_an_update_keeps_what_it_leaves_out_and_clears_what_it_nulls(tenant: Tenant) -> None:
    row = await add_location(tenant, timezone="Europe/Paris", owner_name="VINCI", city="Paris")

    data = await tenant.data(UPDATE, input={"id": row.id, "ownerName": None, "public": False, "status": "closed"})

    changed = data["updateLocation"]["location"]
    assert changed.pop("updatedAt") > "2026"
    assert changed == {
        "slug": row.slug,
        "name": row.name,
        "city": "Paris",
        "timezone": "Europe/Paris",
        "ownerName": None,
        "public": False,
        "status": "closed",
    }


async def test_every_update_moves_updated_at_forward(tenant: Tenant) -> None:
    row = await add_location(tenant)
    instants = []

    for name in ("One", "Two", "Three"):
        data = await tenant.data(UPDATE, input={"id": row.id, "name": name})
        instants.append(data["updateLocation"]["location"]["updatedAt"])

    assert instants == sorted(set(instants))


async def test_an_update_without_changes_changes_nothing(tenant: Tenant) -> None:
    row = await add_location(tenant)
    before = await tenant.data(READ, id=row.id)

    await tenant.data(UPDATE, input={"id": row.id})

    assert await tenant.data(READ, id=row.id) == before


async def test_null_for_what_must_have_a_value_names_the_field(tenant: Tenant) -> None:
    row = await add_location(tenant)

    result = await tenant.graphql(UPDATE, input={"id": row.id, "name": None, "city": "Lyon"})

    assert _fields(result) == [["input", "name"]]


async def test_the_slug_of_another_location_is_a_conflict(tenant: Tenant) -> None:
    row, other = await add_location(tenant), await add_location(tenant)

    result = await tenant.graphql(UPDATE, input={"id": row.id, "slug": other.slug})

    assert result["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_two_organizations_may_use_the_same_slug(tenant: Tenant, stranger: Tenant) -> None:
    other = await add_location(stranger, slug="hub")
    row = await add_location(tenant)

    data = await tenant.data(UPDATE, input={"id": row.id, "slug": other.slug})

    assert data["updateLocation"]["location"]["slug"] == "hub"


async def test_deleting_a_location_takes_its_chargers_and_its_ocpi_location_along(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    site = await add_ocpi_location(tenant, cpo)
    charger = await add_charger(tenant, location_id=site.location_id, evses=2)

    data = await tenant.data(DELETE, id=site.location_id)

    assert data == {"deleteLocation": {"deletedId": site.location_id}}
    document = """
      query ($location: ID!, $ocpi: ID!, $charger: ID!) {
        location(id: $location) { id } ocpiLocation(id: $ocpi) { id } charger(id: $charger) { id }
      }
    """
    left = await tenant.data(document, location=site.location_id, ocpi=site.id, charger=charger.id)
    assert left == {"location": None, "ocpiLocation": None, "charger": None}


@POSTGRESQL
async def test_a_location_goes_with_more_chargers_than_a_statement_takes_values(tenant: Tenant) -> None:
    row = await add_location(tenant)
    await add_chargers(tenant, row.id, MOST_VALUES + 1)

    await tenant.data(DELETE, id=row.id)

    assert not any((await row_counts(tenant)).values())


async def test_a_second_delete_finds_nothing(tenant: Tenant) -> None:
    row = await add_location(tenant)
    await tenant.data(DELETE, id=row.id)

    result = await tenant.graphql(DELETE, id=row.id)

    assert result["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


async def test_mutations_of_one_operation_see_each_other(tenant: Tenant) -> None:
    row = await add_location(tenant)
    await add_charger(tenant, location_id=row.id)
    document = """
      mutation ($id: ID!) {
        a: updateLocation(input: {id: $id, name: "A"}) { location { name chargers { totalCount } } }
        b: deleteLocation(input: {id: $id}) { deletedId }
        c: updateLocation(input: {id: $id, name: "C"}) { location { name } }
      }
    """

    result = await tenant.graphql(document, id=row.id)

    assert result["errors"][0]["path"] == ["c"]
    assert result["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, ["input", "name"]),
        ({"name": "  "}, ["input", "name"]),
        ({"name": "x" * 10_000}, ["input", "name"]),
        ({"name": "a\0b"}, ["input", "name"]),
        ({"country": "FRA"}, ["input", "country"]),
        ({"country": "F1"}, ["input", "country"]),
        ({"timezone": "Europe/Atlantis"}, ["input", "timezone"]),
        ({"coordinates": {"latitude": 91, "longitude": 0}}, ["input", "coordinates", "latitude"]),
        ({"coordinates": {"latitude": 0, "longitude": -181}}, ["input", "coordinates", "longitude"]),
        ({"coordinates": {"latitude": 0}}, ["input", "coordinates", "longitude"]),
        ({"coordinates": None}, ["input", "coordinates"]),
        ({"name": 3}, ["input", "name"]),
        ({"public": "yes"}, ["input", "public"]),
        ({"nope": 1}, ["input", "nope"]),
    ],
)
async def test_a_bad_value_is_bad_user_input_with_the_way_to_it(
    tenant: Tenant, change: dict[str, Any], path: list[str]
) -> None:
    result = await tenant.graphql(CREATE, input={**SITE, **change})

    assert _fields(result) == [path]


async def test_all_bad_values_of_an_input_are_named_at_once(tenant: Tenant) -> None:
    result = await tenant.graphql(CREATE, input={**SITE, "name": " ", "country": "XYZ"})

    assert _fields(result) == [["input", "name"], ["input", "country"]]


def _fields(result: dict[str, Any]) -> list[Any]:
    """The ways to the values at fault, of an answer that has nothing but BAD_USER_INPUT."""
    assert {error["extensions"]["code"] for error in result["errors"]} == {"BAD_USER_INPUT"}
    fields = [field for error in result["errors"] for field in error["extensions"]["fields"]]
    assert all(field["message"] and field["type"] for field in fields)
    return [field["path"] for field in fields]
