"""The codes of errors, whatever goes wrong and wherever."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from errors import NotFound
from resolvers import locations
from resolvers.chargers import chargers_by_id, evses_by_charger
from resolvers.loaders import load_all
from resolvers.runtime import delete_charger
from tests.support.executor import context_of
from tests.support.factories import add_charger
from tests.support.gateway import Tenant


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ location(id: ) { id } }", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ locations { nodes { nope } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ location { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ locations(first: "x") { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ locations(first: 99999999999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ locations(orderBy: [{field: NOPE, direction: ASC}]) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ locations(where: {createdAt: {gt: "x"}}) { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { location(id: $id) { id } }", "BAD_USER_INPUT"),
        ("{ locations(first: 0) { totalCount } }", "BAD_USER_INPUT"),
        ('mutation { deleteLocation(input: {id: "x"}) { deletedId } }', "NOT_FOUND"),
        ('mutation { updateLocation(input: {id: "x", name: null}) { location { id } } }', "BAD_USER_INPUT"),
        (
            'mutation { bulkCreateOcpiLocations(input: {cpoId: "1", locations: [{}]}) { job { id } } }',
            "BAD_USER_INPUT",
        ),
    ],
)
async def test_every_error_has_a_code(tenant: Tenant, document: str, code: str) -> None:
    result = await tenant.graphql(document)

    assert {error["extensions"]["code"] for error in result["errors"]} == {code}


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"where": {"name": {"eq": 3}}}, ["where", "name", "eq"]),
        ({"where": {"and": [{"public": {"eq": 1}}]}}, ["where", "and", 0, "public", "eq"]),
        ({"where": {"city": {"like": "x"}}}, ["where", "city", "like"]),
        ({"where": []}, ["where"]),
        ({"order": [{"field": "NOPE", "direction": "ASC"}]}, ["order", 0, "field"]),
        ({"order": [{"field": "NAME"}]}, ["order", 0, "direction"]),
        ({"order": {"field": "NAME", "direction": "UP"}}, ["order", "direction"]),
    ],
)
async def test_a_variable_of_the_wrong_type_names_the_way_to_the_value(
    tenant: Tenant, variables: dict[str, Any], path: list[str | int]
) -> None:
    document = """
      query ($where: LocationFilter, $order: [LocationOrder!]) {
        locations(where: $where, orderBy: $order) { totalCount }
      }
    """

    result = await tenant.graphql(document, **variables)

    extensions = result["errors"][0]["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert [(field["path"], field["type"]) for field in extensions["fields"]] == [(path, "type_error")]


async def test_the_message_of_an_input_that_is_not_valid_names_the_values(tenant: Tenant) -> None:
    document = "mutation ($input: UpdateLocationInput!) { updateLocation(input: $input) { location { id } } }"
    wrong = {"id": "x", "name": None, "country": "FRA", "coordinates": {"latitude": 91, "longitude": 181}}

    result = await tenant.graphql(document, input=wrong)

    assert result["errors"][0]["message"] == (
        "The input is not valid. name: Input should be a valid string; country: must be an ISO 3166-1 alpha-2 code; "
        "coordinates.latitude: Input should be less than or equal to 90; and 1 more."
    )


async def test_a_value_in_a_filter_is_named_as_the_client_wrote_it(tenant: Tenant) -> None:
    result = await tenant.graphql(r'{ locations(where: {not: {ownerName: {startsWith: "\u0000"}}}) { totalCount } }')

    [field] = result["errors"][0]["extensions"]["fields"]
    assert field["path"] == ["where", "not", "ownerName", "startsWith"]


@pytest.mark.parametrize("instant", ["2026-11-21", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+01:00"])
async def test_an_instant_that_is_none_is_found_in_the_document(tenant: Tenant, instant: str) -> None:
    result = await tenant.graphql(f'{{ locations(where: {{createdAt: {{gt: "{instant}"}}}}) {{ totalCount }} }}')

    [error] = result["errors"]
    assert "DateTime" in error["message"]
    assert error["locations"] == [{"line": 1, "column": 37}]


async def test_an_override_that_is_wrong_is_named_with_its_site(tenant: Tenant) -> None:
    document = (
        "mutation ($input: BulkCreateOcpiLocationsInput!) { bulkCreateOcpiLocations(input: $input) { job { id } } }"
    )
    chosen = {"template": "urban-ac-hub"}
    wrong = {**chosen, "overrides": {"identity_prefix": "a b"}}
    sites = [{"fromTemplate": chosen}, {"fromTemplate": wrong}]

    result = await tenant.graphql(document, input={"cpoId": "1", "locations": sites})

    [error] = result["errors"]
    assert error["message"].startswith("locations.1.overrides.identity_prefix: may hold letters, digits and")
    assert [field["path"] for field in error["extensions"]["fields"]] == [
        ["input", "locations", 1, "fromTemplate", "overrides", "identity_prefix"]
    ]


async def test_an_override_that_nobody_knows_may_be_as_deep_as_json_gets(tenant: Tenant) -> None:
    document = (
        "mutation ($input: BulkCreateOcpiLocationsInput!) { bulkCreateOcpiLocations(input: $input) { job { id } } }"
    )
    deep: Any = None
    for _ in range(220):
        deep = [deep]
    site = {"fromTemplate": {"template": "urban-ac-hub", "overrides": {"x": deep}}}

    result = await tenant.graphql(document, input={"cpoId": "1", "locations": [site]})

    assert [error["message"] for error in result["errors"]] == ["There is no network 1."]


async def test_half_of_a_surrogate_pair_gets_in_nowhere(tenant: Tenant) -> None:
    in_a_variable = await tenant.graphql("query ($id: ID!) { location(id: $id) { id } }", id="\ud800")
    in_the_document = await tenant.graphql(r'{ location(id: "\ud800") { id } }')

    assert [result["errors"][0]["extensions"]["code"] for result in (in_a_variable, in_the_document)] == [
        "BAD_USER_INPUT",
        "GRAPHQL_PARSE_FAILED",
    ]


async def test_an_unexpected_error_is_logged_once_and_told_by_its_id_alone(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_args: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(locations, "create_location", fail)
    document = """
      mutation {
        createLocation(input: {
          name: "n", address: "a", city: "c", country: "FR", coordinates: {latitude: 0, longitude: 0}
        }) { location { id } }
      }
    """

    with caplog.at_level(logging.ERROR):
        error = (await tenant.graphql(document))["errors"][0]

    assert (error["message"], error["path"]) == ("An unexpected error occurred.", ["createLocation"])
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    [record] = caplog.records
    assert error["extensions"]["errorId"] in record.getMessage()
    assert record.exc_info is not None
    assert "hunter2" in str(record.exc_info[1])


async def test_what_is_deleted_between_two_reads_of_one_query_is_not_found(tenant: Tenant) -> None:
    charger = await add_charger(tenant)
    ctx = context_of(tenant)
    [evse] = (await evses_by_charger(ctx, [charger.id]))[charger.id]
    await delete_charger(ctx, charger.id)

    with pytest.raises(NotFound):
        await load_all(ctx, chargers_by_id, evse.charger_id)


async def test_an_expected_error_is_not_logged(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await tenant.graphql('mutation { deleteLocation(input: {id: "x"}) { deletedId } }')
        await tenant.graphql("{ nope }")

    assert [record for record in caplog.records if record.name.startswith(("strawberry", "chargeyard.edge"))] == []
