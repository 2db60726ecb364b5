"""Chargers over GraphQL: what is said of them, and the mutations on them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.factories import add_charger, add_cpo, add_location, add_ocpi_location
from tests.support.gateway import Tenant

MODEL = {
    "brandSlug": "alfen",
    "modelSlug": "eve-double-pro-line",
    "connectorType": "Type2",
    "wsUrl": "ws://127.0.0.1:1/ocpp",
}
CREATE = """
mutation ($input: CreateChargerInput!) {
  createCharger(input: $input) {
    charger {
      identity name vendorName model imageUrl ocppVersion connectorType numberOfConnectors maxChargingPower wsUrl
      topologyDefaultId location { id } evses { evseUid connectorNumber }
    }
    job { type progress { total } location { id } workflowRunId }
  }
}
"""
UPDATE = """
mutation ($input: UpdateChargerInput!) {
  updateCharger(input: $input) { charger { identity name ocppVersion wsUrl connectorType location { id } } }
}
"""
DELETE_SITE = "mutation ($id: ID!) { deleteLocation(input: {id: $id}) { deletedId } }"
IDS = ["", "\0", "dep-\0", "dep-" + "x" * 10_000, "x'; DROP TABLE deployments; --"]


async def test_a_new_charger_is_what_its_model_says(tenant: Tenant) -> None:
    site = await add_location(tenant)

    made = await tenant.data(CREATE, input={**MODEL, "identity": "HUB-1", "locationId": site.id})

    charger, job = made["createCharger"]["charger"], made["createCharger"]["job"]
    assert charger == {
        "identity": "HUB-1",
        "name": None,
        "vendorName": "Alfen",
        "model": "Eve Double Pro-line",
        "imageUrl": None,
        "ocppVersion": "OCPP_1_6",
        "connectorType": "Type2",
        "numberOfConnectors": 2,
        "maxChargingPower": 22000,
        "wsUrl": "ws://127.0.0.1:1/ocpp",
        "topologyDefaultId": None,
        "location": {"id": site.id},
        "evses": [
            {"evseUid": "HUB-1_C1", "connectorNumber": 1},
            {"evseUid": "HUB-1_C2", "connectorNumber": 2},
        ],
    }
    assert (job["type"], job["progress"], job["location"]) == ("CREATE_CHARGER", {"total": 1}, {"id": site.id})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"identity": "a b"}, ["input", "identity"]),
        ({"identity": "x" * 49}, ["input", "identity"]),
        ({"wsUrl": "http://example.org"}, ["input", "wsUrl"]),
        ({"wsUrl": "ws://"}, ["input", "wsUrl"]),
        ({"ocppVersion": "OCPP_3"}, ["input", "ocppVersion"]),
        ({"brandSlug": "nope"}, ["input", "brandSlug"]),
        ({"modelSlug": "nope"}, ["input", "modelSlug"]),
        ({"connectorType": "CCS1"}, ["input", "connectorType"]),
        ({"locationId": "nope"}, ["input", "locationId"]),
        ({"locationId": "\0"}, ["input", "locationId"]),
    ],
)
async def test_a_charger_that_can_not_be_names_the_field(
    tenant: Tenant, change: dict[str, Any], path: list[str]
) -> None:
    result = await tenant.graphql(CREATE, input={**MODEL, "identity": "HUB-1", **change})

    extensions = result["errors"][0]["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert [field["path"] for field in extensions["fields"]] == [path]


async def test_an_identity_in_use_is_refused(tenant: Tenant) -> None:
    await add_charger(tenant, identity="HUB-1")

    result = await tenant.graphql(CREATE, input={**MODEL, "identity": "HUB-1"})

    extensions = result["errors"][0]["extensions"]
    assert (extensions["code"], extensions["fields"][0]["path"]) == ("BAD_USER_INPUT", ["input", "identity"])


async def test_chargers_that_race_for_a_site_all_get_there_and_one_has_its_default_route(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    here, there = await add_ocpi_location(tenant, cpo), await add_ocpi_location(tenant, cpo)

    created = await asyncio.gather(
        *(
            tenant.data(CREATE, input={**MODEL, "identity": f"RACE-{n}", "locationId": here.location_id})
            for n in range(6)
        )
    )
    ids = [charger["id"] for charger in (await tenant.data("{ chargers { nodes { id } } }"))["chargers"]["nodes"]]
    await asyncio.gather(*(tenant.data(UPDATE, input={"id": id, "locationId": there.location_id}) for id in ids))

    defaults = [answer["createCharger"]["charger"]["topologyDefaultId"] for answer in created]
    assert len([default for default in defaults if default]) == 1
    moved = await tenant.data("{ chargers { nodes { topologyDefaultId location { id } } } }")
    assert {charger["location"]["id"] for charger in moved["chargers"]["nodes"]} == {there.location_id}
    assert len([charger for charger in moved["chargers"]["nodes"] if charger["topologyDefaultId"]]) == 1


async def test_chargers_that_swap_sites_at_once_leave_each_site_a_default_route(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    sites = [(await add_ocpi_location(tenant, cpo)).location_id for _ in range(2)]
    for site in sites:
        await tenant.data(CREATE, input={**MODEL, "identity": f"AT-{site[-12:]}", "locationId": site})
    ids = [charger["id"] for charger in (await tenant.data("{ chargers { nodes { id } } }"))["chargers"]["nodes"]]

    for turn in range(4):
        await asyncio.gather(
            *(tenant.data(UPDATE, input={"id": id, "locationId": sites[(turn + n) % 2]}) for n, id in enumerate(ids))
        )

        found = await tenant.data("{ chargers { nodes { topologyDefaultId } } }")
        assert all(charger["topologyDefaultId"] for charger in found["chargers"]["nodes"]), turn


async def test_chargers_come_to_a_site_while_it_changes_and_neither_waits_in_vain(tenant: Tenant) -> None:
    site = await add_ocpi_location(tenant, await add_cpo(tenant))
    change = "mutation ($input: UpdateOcpiLocationInput!) { updateOcpiLocation(input: $input) { ocpiLocation { id } } }"

    answers = await asyncio.gather(
        *(
            tenant.graphql(CREATE, input={**MODEL, "identity": f"C-{n}", "locationId": site.location_id})
            for n in range(8)
        ),
        *(tenant.graphql(change, input={"id": site.id, "name": f"Name {n}"}) for n in range(8)),
    )

    assert [answer["errors"] for answer in answers if "errors" in answer] == []


@pytest.mark.parametrize(
    "leaves",
    [
        "mutation ($id: ID!) { deleteCharger(input: {id: $id}) { deletedId } }",
        "mutation ($id: ID!) { updateCharger(input: {id: $id, locationId: null}) { charger { id } } }",
    ],
    ids=["deleted", "moved"],
)
async def test_the_default_route_of_a_site_passes_to_the_oldest_charger_that_stays(tenant: Tenant, leaves: str) -> None:
    site = await add_ocpi_location(tenant, await add_cpo(tenant))
    for identity in ("OLD", "NEXT", "LATE"):
        await tenant.data(CREATE, input={**MODEL, "identity": identity, "locationId": site.location_id})
    first = await tenant.data('{ chargers(where: {identity: {eq: "OLD"}}) { nodes { id topologyDefaultId } } }')
    [old] = first["chargers"]["nodes"]

    await tenant.data(leaves, id=old["id"])

    document = "query ($id: ID!) { ocpiLocation(id: $id) { chargers { nodes { identity topologyDefaultId } } } }"
    left = (await tenant.data(document, id=site.id))["ocpiLocation"]["chargers"]["nodes"]
    assert left == [
        {"identity": "LATE", "topologyDefaultId": None},
        {"identity": "NEXT", "topologyDefaultId": old["topologyDefaultId"]},
    ]


async def test_a_charger_that_races_with_the_deletion_of_its_site_is_made_before_it_or_refused(tenant: Tenant) -> None:
    sites = [(await add_location(tenant)).id for _ in range(12)]
    moving = [(await add_charger(tenant)).id for _ in sites]

    for site, charger in zip(sites, moving, strict=True):
        create, move, delete = await asyncio.gather(
            tenant.graphql(CREATE, input={**MODEL, "identity": f"AT-{site[-12:]}", "locationId": site}),
            tenant.graphql(UPDATE, input={"id": charger, "locationId": site}),
            tenant.graphql(DELETE_SITE, id=site),
        )

        assert "errors" not in delete
        for answer in (create, move):
            assert [error["extensions"]["code"] for error in answer.get("errors", [])] in ([], ["BAD_USER_INPUT"])
    left = await tenant.data("{ chargers { nodes { location { id } } } }")
    assert all(charger["location"] is None for charger in left["chargers"]["nodes"])


async def test_chargers_are_created_in_bulk_at_a_location(tenant: Tenant) -> None:
    site = await add_location(tenant)
    document = """
      mutation ($input: BulkCreateChargersInput!) {
        bulkCreateChargers(input: $input) { job { type status location { id } progress { total succeeded } } }
      }
    """
    groups = [{"template": {**MODEL, "identityPrefix": "B-"}, "chargerIds": ["1", "2"], "chargersNumber": 3}]

    data = await tenant.data(document, input={"locationId": site.id, "groups": groups})

    job = data["bulkCreateChargers"]["job"]
    assert (job["type"], job["location"]) == ("BULK_CREATE_CHARGERS", {"id": site.id})
    assert job["progress"]["total"] == 3


async def test_an_update_changes_what_it_gives(tenant: Tenant) -> None:
    charger = await add_charger(tenant, name="Old", identity="HUB-1")
    site = await add_location(tenant)
    change = {"chargePointName": None, "ocppVersion": "OCPP_2_0_1", "locationId": site.id}

    data = await tenant.data(UPDATE, input={"id": charger.id, **change})

    assert data["updateCharger"]["charger"] == {
        "identity": "HUB-1",
        "name": None,
        "ocppVersion": "OCPP_2_0_1",
        "wsUrl": "ws://127.0.0.1:1/ocpp",
        "connectorType": "Type2",
        "location": {"id": site.id},
    }


@pytest.mark.parametrize("location_id", ["nope", "\0"])
async def test_a_charger_is_not_moved_to_where_nothing_is(tenant: Tenant, location_id: str) -> None:
    charger = await add_charger(tenant)

    result = await tenant.graphql(UPDATE, input={"id": charger.id, "locationId": location_id})

    extensions = result["errors"][0]["extensions"]
    assert (extensions["code"], extensions["fields"][0]["path"]) == ("BAD_USER_INPUT", ["input", "locationId"])


async def test_a_charger_is_started_stopped_and_reset(tenant: Tenant) -> None:
    charger = await add_charger(tenant)
    document = """
      mutation ($id: ID!) {
        started: startCharger(input: {id: $id}) { charger { id runtime { status connected } } }
        stopped: stopCharger(input: {id: $id}) { charger { id runtime { status connected } } }
        reset: resetCharger(input: {id: $id}) { charger { id runtime { status connected } } }
      }
    """

    data = await tenant.data(document, id=charger.id)

    starting = {"charger": {"id": charger.id, "runtime": {"status": "STARTING", "connected": False}}}
    stopped = {"charger": {"id": charger.id, "runtime": {"status": "STOPPED", "connected": False}}}
    assert data == {"started": starting, "stopped": stopped, "reset": starting}


async def test_a_deleted_charger_is_gone_with_its_evses(tenant: Tenant) -> None:
    charger = await add_charger(tenant)
    document = "query ($id: ID!) { charger(id: $id) { evses { id } } }"
    evse = (await tenant.data(document, id=charger.id))["charger"]["evses"][0]["id"]

    await tenant.data("mutation ($id: ID!) { deleteCharger(input: {id: $id}) { deletedId } }", id=charger.id)

    left = await tenant.data(
        "query ($c: ID!, $e: ID!) { charger(id: $c) { id } node(id: $e) { id } }", c=charger.id, e=evse
    )
    assert left == {"charger": None, "node": None}


async def test_node_finds_every_kind_of_row(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    site = await add_ocpi_location(tenant, cpo)
    charger = await add_charger(tenant, location_id=site.location_id)
    document = """
      query ($id: ID!) { node(id: $id) { __typename id ... on Charger { evses { id } } ... on EVSE { evseUid } } }
    """

    async def kind(id: str) -> str:
        node: dict[str, Any] = (await tenant.data(document, id=id))["node"]
        assert node["id"] == id
        return str(node["__typename"])

    evse = (await tenant.data(document, id=charger.id))["node"]["evses"][0]["id"]
    ids = [site.location_id, site.id, str(cpo.id), charger.id, evse]
    assert [await kind(id) for id in ids] == ["Location", "OcpiLocation", "Cpo", "Charger", "EVSE"]


@pytest.mark.parametrize("id", IDS)
async def test_an_id_that_nothing_can_have_reads_as_null(tenant: Tenant, id: str) -> None:
    document = """
      query ($id: ID!) {
        location(id: $id) { id } ocpiLocation(id: $id) { id } charger(id: $id) { id } job(id: $id) { id }
        node(id: $id) { id } loc: node(id: "loc-") { id }
      }
    """

    data = await tenant.data(document, id=id)

    assert set(data.values()) == {None}


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize(
    "mutation",
    [
        "deleteLocation(input: {id: $id}) { deletedId }",
        "deleteCpo(input: {id: $id}) { deletedId }",
        "renewTokenA(input: {id: $id}) { tokenA }",
        "deleteOcpiLocation(input: {id: $id}) { deletedId }",
        "deleteCharger(input: {id: $id}) { deletedId }",
        "startCharger(input: {id: $id}) { charger { id } }",
        "cancelJob(input: {id: $id}) { job { id } }",
        'updateLocation(input: {id: $id, name: "x"}) { location { id } }',
        'bulkCreateOcpiLocations(input: {cpoId: $id, locations: [{fromTemplate: {template: "urban-ac-hub"}}]}) '
        "{ job { id } }",
        'bulkCreateChargers(input: {locationId: $id, groups: [{chargersNumber: 1, template: {brandSlug: "abb", '
        'modelSlug: "terra-ac", connectorType: "Type2", wsUrl: "ws://127.0.0.1:1/x"}}]}) { job { id } }',
    ],
)
async def test_a_mutation_of_an_id_that_nothing_can_have_is_not_found(tenant: Tenant, mutation: str, id: str) -> None:
    result = await tenant.graphql(f"mutation ($id: ID!) {{ {mutation} }}", id=id)

    assert result["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
