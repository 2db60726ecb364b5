"""Compiled reads: whose rows they show, what they cost, and what they leave to the ordinary executor."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from graphql import get_named_type, is_object_type
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField

from schema import planner
from schema.fields import TenantMember
from schema.reads import COMPUTED, READS
from storage.models import TenantOwned
from tests.support.compiled import SCHEMA, Compiled, compiled, compiled_data, counted_reads
from tests.support.executor import execute
from tests.support.factories import add_charger, add_cpo, add_location, add_ocpi_location
from tests.support.gateway import Tenant
from tests.support.statements import counted_statements

SITES = """{
  locations {
    nodes { name ocpiLocation { id } chargers { nodes { identity evses { evseUid } } totalCount } }
    totalCount
  }
}"""
WITHIN = """
query ($box: BoundingBoxInput!) {
  locations(where: {within: $box}, orderBy: [{field: NAME, direction: ASC}]) { nodes { name } }
}
"""
PAGE = "query ($first: Int, $after: String) { locations(first: $first, after: $after) { nodes { id } } }"


async def test_a_read_is_one_statement_however_many_rows_it_has(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        site = await add_location(tenant)
        await add_charger(tenant, location_id=site.id, evses=2)

    with counted_reads(tenant, monkeypatch) as reads, counted_statements(tenant.gateway) as others:
        data = await compiled_data(tenant, SITES)

    assert data["locations"]["totalCount"] == 3
    assert len(reads) == 1
    # the gateway's own chargers and jobs read and write at the same time
    assert [each for each in others if "FROM locations" in each or "FROM ocpi_evses" in each] == []


async def test_rows_of_another_organization_are_in_no_answer(tenant: Tenant, stranger: Tenant) -> None:
    site = await add_ocpi_location(stranger, await add_cpo(stranger))
    charger = await add_charger(stranger, location_id=site.location_id)

    data = await compiled_data(
        tenant,
        """query ($site: ID!, $sites: [ID!], $charger: ID!, $cpo: ID!, $ocpi: ID!) {
          location(id: $site) { id } charger(id: $charger) { id } cpo(id: $cpo) { id } ocpiLocation(id: $ocpi) { id }
          locations(where: {id: {in: $sites}}) { nodes { id } totalCount edges { cursor } pageInfo { endCursor } }
        }""",
        site=site.location_id,
        sites=[site.location_id],
        charger=charger.id,
        cpo=str(site.network_id),
        ocpi=site.id,
    )

    nothing = {"nodes": [], "totalCount": 0, "edges": [], "pageInfo": {"endCursor": None}}
    assert data == {"location": None, "charger": None, "cpo": None, "ocpiLocation": None, "locations": nothing}


async def test_rows_of_another_organization_stay_hidden_below_rows_of_ones_own(
    tenant: Tenant, stranger: Tenant
) -> None:
    site = await add_location(tenant, name="Ours")
    mine = await add_charger(tenant, location_id=site.id, evses=1)
    theirs = await add_charger(stranger, location_id=site.id, evses=1)

    data = await compiled_data(tenant, SITES)
    back = await compiled_data(stranger, "{ chargers { nodes { id location { id } } } }")

    chargers = {"nodes": [{"identity": mine.identity, "evses": [{"evseUid": mine.identity}]}], "totalCount": 1}
    assert data["locations"]["nodes"] == [{"name": "Ours", "ocpiLocation": None, "chargers": chargers}]
    assert back["chargers"]["nodes"] == [{"id": theirs.id, "location": None}]


def _all_of(kind: Any) -> list[Any]:
    return [each for each in kind.__subclasses__() if hasattr(each, "__tablename__")]


async def test_every_table_of_a_statement_is_narrowed_to_the_tenant(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {str(each.__tablename__) for each in _all_of(TenantOwned)}
    document = """{
      locations { nodes { ocpiLocation { name cpo { id locations(where: {city: {eq: "x"}}) { nodes { slug } } } } } }
      chargers(last: 3) { edges { cursor node { evses { charger { location { id } } } logs { totalCount } } } }
      jobs { nodes { items { nodes { charger { id } } } cpo { id } } pageInfo { hasNextPage startCursor endCursor } }
    }"""

    with counted_reads(tenant, monkeypatch) as reads:
        await compiled(tenant, document)

    words = reads[0].replace(",", " ").split()
    read = [after for word, after in pairwise(words) if word in {"FROM", "JOIN"} and after in tables]
    assert len(read) > 10
    assert reads[0].count(".organization_id = ") == len(read)


@pytest.mark.parametrize(
    "arguments",
    ["first: 0", "first: 101", "first: 1, last: 1", 'after: "?"', 'last: 2, after: "62f9eccc.00"', 'before: "x"'],
)
async def test_arguments_that_are_refused_are_left_to_the_ordinary_executor(tenant: Tenant, arguments: str) -> None:
    document = f"{{ locations({arguments}) {{ nodes {{ id }} }} }}"

    planned = await compiled(tenant, document)
    answer = await tenant.graphql(document)

    assert planned is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_values_that_are_refused_in_variables_leave_the_plan_usable(tenant: Tenant) -> None:
    site = await add_location(tenant)
    document = Compiled(tenant, PAGE)

    refused = [await document.answer(first=first) for first in (0, 101, -1, 2**31)]
    planned = await document.answer(first=5)

    assert refused == [None] * 4
    assert planned is not None
    assert await tenant.data(PAGE, first=5) == {"locations": {"nodes": [{"id": site.id}]}}


async def test_computed_fields_stand_beside_compiled_ones_in_the_order_of_the_query(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    document = """query ($id: ID!, $off: Boolean = false) {
      who: viewer { subject } locations { totalCount } ...More cpos { totalCount } __typename
    } fragment More on Query { cpo(id: $id) { id ocpiPeerUrl } brands @include(if: $off) { id } }"""

    planned = await compiled(tenant, document, id=str(cpo.id))
    data = await tenant.data(document, id=str(cpo.id))

    assert planned is not None
    assert [key for key, value in planned.fields.items() if value is None] == ["who", "cpo"]
    assert list(data) == ["who", "locations", "cpo", "cpos", "__typename"]
    assert data == await execute(tenant, document, id=str(cpo.id))


async def test_an_error_beside_compiled_fields_names_its_own_field(tenant: Tenant) -> None:
    answer = await tenant.graphql(
        "query ($first: Int) { viewer { subject } a: locations { totalCount } b: node(id: 1) { id } "
        "c: locations(first: $first) { totalCount } }",
        first=0,
    )

    assert answer["data"] is None
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["c"], "BAD_USER_INPUT")]


async def test_a_filter_whose_values_change_its_structure_is_compiled_anew(tenant: Tenant) -> None:
    for name, longitude in (("east", 170.0), ("middle", 0.0), ("west", -170.0)):
        await add_location(tenant, name=name, longitude=longitude, latitude=0.0)
    document = Compiled(tenant, WITHIN)

    for west, east in ((160, -160), (-10, 10), (160, -160)):
        box = {"south": -1.0, "north": 1.0, "west": west, "east": east}
        planned = await document.answer(box=box)
        assert planned is not None
        assert await tenant.data(WITHIN, box=box) == await execute(tenant, WITHIN, box=box)


async def test_a_response_key_longer_than_the_database_can_name_is_answered(tenant: Tenant) -> None:
    key = "a" * 100
    site = await add_location(tenant)

    data = await tenant.data(f"{{ {key}: locations {{ {key}: nodes {{ {key}: id }} }} }}")

    assert data == {key: {key: [{key: site.id}]}}


async def test_no_alias_captures_a_name_of_the_statement(tenant: Tenant) -> None:
    site = await add_location(tenant)
    await add_charger(tenant, location_id=site.id, evses=1)
    document = """{ locations { r: nodes { c0: id locations: name
      organization_id: chargers { nodes { id: identity deployments: location { c0: id tenant: name } } } } } }"""

    assert await compiled_data(tenant, document) == await execute(tenant, document)


BY_IDS = "query ($ids: [ID!]) { locations(where: {id: {in: $ids}}) { totalCount } }"


async def test_plans_make_room_for_new_ones(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "KEPT_LENGTH", 10 * planner.LEAST_LENGTH)
    document = Compiled(tenant, BY_IDS)

    for length in [*range(30), 0]:
        assert await document.answer(ids=["x"] * length) is not None

    assert document.plans is not None
    assert [length for (length,) in map(lengths, document.plans._plans)] == [*range(21, 30), 0]


def lengths(shape: Any) -> list[int]:
    """The lengths of the lists in a shape of variables."""
    return [len(value) for _, value in shape]


async def test_variables_of_one_shape_and_two_structures_are_compiled_once_each(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Compiled(tenant, BY_IDS)
    assert document.plans is not None
    compile_, seen = document.plans._compile, []

    def note(values: VariableValues) -> planner.Compiled | None:
        seen.append(values.coerced)
        return compile_(values)

    monkeypatch.setattr(document.plans, "_compile", note)
    for ids in [["x", "x"], ["x", "y"], ["z", "z"], ["z", "x"]]:
        assert await document.data(ids=ids) == {"locations": {"totalCount": 0}}

    assert seen == [{"ids": ["x", "x"]}, {"ids": ["x", "y"]}]


NULLS = [
    ('query ($v: ID = "x") { location(id: $v) { id } }', ["location"]),
    ("query ($v: Boolean = true) { locations { nodes @skip(if: $v) { id } totalCount } }", ["locations"]),
    (
        "query ($v: Float = 1) { locations(where: {within: {south: $v, west: 1, north: 2, east: 2}}) { totalCount } }",
        ["locations"],
    ),
    (
        "query ($v: OrderDirection = ASC) { locations(orderBy: [{field: NAME, direction: $v}]) { totalCount } }",
        ["locations"],
    ),
]


async def test_null_for_a_directive_is_an_invalid_request(tenant: Tenant) -> None:
    answer = await tenant.graphql("query ($v: Boolean = true) { locations @include(if: $v) { totalCount } }", v=None)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(("document", "path"), NULLS, ids=[document for document, _ in NULLS])
async def test_null_for_a_variable_with_a_default_is_the_clients_mistake(
    tenant: Tenant, document: str, path: list[str]
) -> None:
    answer = await tenant.graphql(document, v=None)

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error.get("path") == path


async def test_a_guarded_field_is_not_compiled(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = """{ locations { nodes { slug } } }"""
    field: StrawberryField = SCHEMA._schema.type_map["Location"].fields["slug"].extensions["strawberry-definition"]  # type: ignore[attr-defined]
    assert await compiled(tenant, guarded) is not None

    monkeypatch.setattr(field, "permission_classes", [TenantMember])

    assert await compiled(tenant, guarded) is None


async def test_a_custom_directive_leaves_the_document_to_the_ordinary_executor(tenant: Tenant) -> None:
    assert await compiled(tenant, "{ locations @other { totalCount } }") is None


async def test_introspection_beside_a_read_is_left_to_the_ordinary_executor(tenant: Tenant) -> None:
    planned = await compiled(tenant, "{ __schema { queryType { name } } locations { totalCount } }")
    data = await tenant.data("{ __schema { queryType { name } } locations { totalCount } }")

    assert planned is not None
    assert planned.fields["__schema"] is None
    assert data == {"__schema": {"queryType": {"name": "Query"}}, "locations": {"totalCount": 0}}


def test_every_resolved_field_below_the_query_is_said_to_be_stored_or_computed() -> None:
    resolved, pending, seen = set(), ["Query"], {"Query"}
    while pending:
        kind: Any = SCHEMA._schema.type_map[pending.pop()]
        for name, field in kind.fields.items():
            declared = field.extensions["strawberry-definition"]
            if declared.base_resolver is not None and not declared.metadata and not kind.name.endswith("Connection"):
                resolved.add((kind.name, name))
            below = get_named_type(field.type)
            if is_object_type(below) and below.name not in seen:
                seen.add(below.name)
                pending.append(below.name)

    assert resolved - {*READS, *COMPUTED} == set()
