"""Pages, filters and orders of lists, alike on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import add_charger, add_cpo, add_frame, add_job, add_location, add_ocpi_location
from tests.support.gateway import Tenant

START = datetime(2026, 1, 1, tzinfo=UTC)

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  locations(first: $first, after: $after, last: $last, before: $before) {
    nodes { name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
FILTERED = """
query ($where: LocationFilter, $orderBy: [LocationOrder!]) {
  locations(where: $where, orderBy: $orderBy) { nodes { name } totalCount }
}
"""


async def test_pages_forward_visit_every_row_once_and_newest_first(tenant: Tenant) -> None:
    await _add_sites(tenant, 7)

    pages, cursor = [], None
    while True:
        page = (await tenant.data(PAGE, first=3, after=cursor))["locations"]
        pages.append(_names(page))
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert pages == [["S6", "S5", "S4"], ["S3", "S2", "S1"], ["S0"]]
    assert page["totalCount"] == 7


async def test_pages_backward_go_through_the_same_order_from_its_end(tenant: Tenant) -> None:
    await _add_sites(tenant, 5)

    last = (await tenant.data(PAGE, last=2))["locations"]
    before = (await tenant.data(PAGE, last=2, before=last["pageInfo"]["startCursor"]))["locations"]
    first = (await tenant.data(PAGE, last=2, before=before["pageInfo"]["startCursor"]))["locations"]

    assert [_names(last), _names(before), _names(first)] == [["S1", "S0"], ["S3", "S2"], ["S4"]]
    assert [page["pageInfo"]["hasPreviousPage"] for page in (last, before, first)] == [True, True, False]
    assert [page["pageInfo"]["hasNextPage"] for page in (last, before, first)] == [False, True, True]


async def test_rows_created_in_the_same_instant_are_still_paged_one_by_one(tenant: Tenant) -> None:
    for number in range(5):
        await add_location(tenant, name=f"S{number}", created_at=START)

    names, cursor = [], None
    for _ in range(5):
        page = (await tenant.data(PAGE, first=1, after=cursor))["locations"]
        names += _names(page)
        cursor = page["pageInfo"]["endCursor"]

    assert sorted(names) == ["S0", "S1", "S2", "S3", "S4"]


async def test_a_page_stays_where_it_is_when_rows_are_added_before_it(tenant: Tenant) -> None:
    await _add_sites(tenant, 4)
    page = (await tenant.data(PAGE, first=2))["locations"]

    await add_location(tenant, name="new")

    following = (await tenant.data(PAGE, first=2, after=page["pageInfo"]["endCursor"]))["locations"]
    assert _names(following) == ["S1", "S0"]


async def test_an_empty_list_has_an_empty_page(tenant: Tenant) -> None:
    data = await tenant.data(PAGE)

    info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert data == {"locations": {"nodes": [], "pageInfo": info, "totalCount": 0}}


async def test_edges_carry_the_cursor_of_their_node(tenant: Tenant) -> None:
    await _add_sites(tenant, 3)
    edges = (await tenant.data("{ locations { edges { cursor node { name } } } }"))["locations"]["edges"]

    page = (await tenant.data(PAGE, after=edges[1]["cursor"]))["locations"]

    assert [edge["node"]["name"] for edge in edges] == ["S2", "S1", "S0"]
    assert _names(page) == ["S0"]


async def test_a_page_has_fifty_rows_unless_told_otherwise(tenant: Tenant) -> None:
    job = await add_job(tenant, items=60)

    document = "query ($id: ID!) { job(id: $id) { items { totalCount nodes { index } pageInfo { hasNextPage } } } }"
    items = (await tenant.data(document, id=job.id))["job"]["items"]

    assert [node["index"] for node in items["nodes"]] == list(range(50))
    assert (items["totalCount"], items["pageInfo"]["hasNextPage"]) == (60, True)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"first": 0}, "first"),
        ({"first": -1}, "first"),
        ({"first": 101}, "first"),
        ({"last": 0}, "last"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"first": 1, "before": "x"}, "before"),
        ({"last": 1, "after": "x"}, "after"),
        ({"after": ""}, "after"),
        ({"after": "not a cursor"}, "after"),
        ({"after": "\0"}, "after"),
        ({"after": "a" * 10_000}, "after"),
        ({"last": 1, "before": "é"}, "before"),
        ({"first": "1"}, "first"),
        ({"first": 1.5}, "first"),
        ({"after": 7}, "after"),
    ],
)
async def test_a_bad_page_is_bad_user_input_that_names_the_argument(
    tenant: Tenant, arguments: dict[str, Any], argument: str
) -> None:
    result = await tenant.graphql(PAGE, **arguments)

    extensions = result["errors"][0]["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert [field["path"] for field in extensions["fields"]] == [[argument]]


async def test_a_cursor_of_another_list_or_order_is_bad_user_input(tenant: Tenant) -> None:
    await _add_sites(tenant, 2)
    cursor = (await tenant.data(PAGE))["locations"]["pageInfo"]["startCursor"]

    by_name = """
      query ($after: String) {
        locations(after: $after, orderBy: [{field: NAME, direction: ASC}]) { nodes { name } }
      }
    """
    jobs = "query ($after: String) { jobs(after: $after) { nodes { id } } }"
    codes = [
        (await tenant.graphql(document, after=cursor))["errors"][0]["extensions"]["code"]
        for document in (by_name, jobs)
    ]

    assert codes == ["BAD_USER_INPUT", "BAD_USER_INPUT"]


async def test_orders_are_by_code_point_and_take_several_levels(tenant: Tenant) -> None:
    for name, city in (("b", "X"), ("a", "Y"), ("B", "X"), ("é", "X"), ("a", "X")):
        await add_location(tenant, name=name, city=city, created_at=START)

    ascending = await _found(tenant, order_by=[{"field": "NAME", "direction": "ASC"}])
    levels = [{"field": "CITY", "direction": "DESC"}, {"field": "NAME", "direction": "ASC"}]
    by_levels = await _found(tenant, order_by=levels)

    assert ascending == ["B", "a", "a", "b", "é"]
    assert by_levels == ["a", "B", "a", "b", "é"]


async def test_a_field_that_comes_again_orders_nothing(tenant: Tenant) -> None:
    for name, city in [("B", "x"), ("A", "z"), ("B", "w"), ("A", "y")]:
        await add_location(tenant, name=name, city=city)
    levels = [("NAME", "ASC"), ("CITY", "ASC"), ("NAME", "DESC")]
    order_by = [{"field": field, "direction": direction} for field, direction in levels]

    found = await tenant.data(
        "query ($o: [LocationOrder!]) { locations(orderBy: $o) { nodes { name city } } }", o=order_by
    )

    assert [site["name"] + site["city"] for site in found["locations"]["nodes"]] == ["Ay", "Az", "Bw", "Bx"]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_of_a_mixed_order_visit_every_row_once(tenant: Tenant, direction: str) -> None:
    for number in range(6):
        await add_location(tenant, name=f"S{number}", city=f"C{number % 2}", created_at=START)
    document = """
      query ($after: String, $orderBy: [LocationOrder!]) {
        locations(first: 2, after: $after, orderBy: $orderBy) { nodes { name } pageInfo { endCursor } }
      }
    """
    order_by = [{"field": "CITY", "direction": direction}, {"field": "NAME", "direction": "ASC"}]

    names, cursor = [], None
    for _ in range(3):
        page = (await tenant.data(document, after=cursor, orderBy=order_by))["locations"]
        names += _names(page)
        cursor = page["pageInfo"]["endCursor"]

    even, odd = ["S0", "S2", "S4"], ["S1", "S3", "S5"]
    assert names == (even + odd if direction == "ASC" else odd + even)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (None, ["Alpha", "Beta", "Gamma"]),
        ({}, ["Alpha", "Beta", "Gamma"]),
        ({"name": {"eq": "Beta"}}, ["Beta"]),
        ({"name": {"eq": "beta"}}, []),
        ({"name": {"eq": None}}, ["Alpha", "Beta", "Gamma"]),
        ({"name": {"in": ["Beta", "Gamma", "none"]}}, ["Beta", "Gamma"]),
        ({"name": {"in": []}}, []),
        ({"name": {"contains": "a"}}, ["Alpha", "Beta", "Gamma"]),
        ({"name": {"contains": "A"}}, ["Alpha"]),
        ({"name": {"contains": "%"}}, []),
        ({"name": {"contains": "_"}}, []),
        ({"name": {"contains": ""}}, ["Alpha", "Beta", "Gamma"]),
        ({"name": {"startsWith": "Ga"}}, ["Gamma"]),
        ({"name": {"startsWith": "ga"}}, []),
        ({"name": {"startsWith": "A%"}}, []),
        ({"city": {"eq": "100%_Stadt"}}, ["Beta"]),
        ({"city": {"contains": "%_"}}, ["Beta"]),
        ({"city": {"startsWith": "100%"}}, ["Beta"]),
        ({"city": {"startsWith": "Zü"}}, ["Gamma"]),
        ({"ownerName": {"isNull": True}}, ["Alpha", "Gamma"]),
        ({"ownerName": {"isNull": False}}, ["Beta"]),
        ({"public": {"eq": False}}, ["Gamma"]),
        ({"status": {"eq": "active"}, "country": {"eq": "DE"}}, ["Beta"]),
        ({"createdAt": {"gt": "2026-01-01T00:00:00Z"}}, ["Beta", "Gamma"]),
        ({"createdAt": {"gte": "2026-01-01T01:00:00+01:00", "lt": "2026-01-02T00:00:00Z"}}, ["Alpha"]),
        ({"createdAt": {"lte": "2026-01-02T00:00:00.000Z"}}, ["Alpha", "Beta"]),
        ({"within": {"south": 48, "north": 49, "west": 2, "east": 3}}, ["Alpha"]),
        ({"within": {"south": -90, "north": 90, "west": 170, "east": -170}}, ["Gamma"]),
        ({"or": [{"name": {"eq": "Alpha"}}, {"country": {"eq": "NZ"}}]}, ["Alpha", "Gamma"]),
        ({"or": []}, []),
        ({"and": []}, ["Alpha", "Beta", "Gamma"]),
        ({"and": [{"name": {"contains": "a"}}, {"public": {"eq": True}}]}, ["Alpha", "Beta"]),
        ({"not": {"name": {"eq": "Alpha"}}}, ["Beta", "Gamma"]),
        ({"not": {"ownerName": {"eq": "Stadtwerke"}}}, ["Alpha", "Gamma"]),
        ({"not": {"or": [{"name": {"eq": "Alpha"}}, {"not": {"public": {"eq": True}}}]}}, ["Beta"]),
    ],
)
async def test_a_filter_keeps_the_rows_for_which_it_holds(
    tenant: Tenant, where: dict[str, Any] | None, expected: list[str]
) -> None:
    await add_location(tenant, name="Alpha", created_at=START)
    await add_location(
        tenant, name="Beta", country="DE", city="100%_Stadt", owner_name="Stadtwerke", latitude=52.5, longitude=13.4,
        created_at=START + timedelta(days=1),
    )  # fmt: skip
    await add_location(
        tenant, name="Gamma", country="NZ", city="Zürich", public=False, latitude=-36.8, longitude=174.7,
        created_at=START + timedelta(days=2),
    )  # fmt: skip

    result = (await tenant.data(FILTERED, where=where))["locations"]

    assert (sorted(_names(result)), result["totalCount"]) == (expected, len(expected))


async def test_an_id_filter_means_the_id_of_its_own_list(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    site, other = await add_ocpi_location(tenant, cpo), await add_ocpi_location(tenant, cpo)
    document = """
      query ($cpo: ID!, $ocpi: ID!, $site: ID!) {
        cpo(id: $cpo) {
          mine: locations(where: {id: {eq: $ocpi}}) { nodes { id } totalCount }
          none: locations(where: {id: {eq: $site}}) { nodes { id } }
          others: locations(where: {not: {id: {in: [$ocpi]}}}) { nodes { id } }
        }
        locations(where: {id: {in: [$site, $ocpi]}}) { nodes { id } }
      }
    """

    data = await tenant.data(document, cpo=str(cpo.id), ocpi=site.id, site=site.location_id)

    assert data == {
        "cpo": {
            "mine": {"nodes": [{"id": site.id}], "totalCount": 1},
            "none": {"nodes": []},
            "others": {"nodes": [{"id": other.id}]},
        },
        "locations": {"nodes": [{"id": site.location_id}]},
    }


async def test_a_networks_locations_are_filtered_ordered_and_paged(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    for name in ("Delta", "Alpha", "Charlie", "Bravo", "Echo"):
        await add_ocpi_location(tenant, cpo, name=name, country="NL" if name == "Echo" else "FR")
    document = """
      query ($id: ID!, $after: String) {
        cpo(id: $id) {
          locations(
            first: 2, after: $after, where: {country: {eq: "FR"}}, orderBy: [{field: NAME, direction: DESC}]
          ) { totalCount nodes { name } pageInfo { endCursor hasNextPage } }
        }
      }
    """

    first = (await tenant.data(document, id=str(cpo.id)))["cpo"]["locations"]
    cursor = first["pageInfo"]["endCursor"]
    second = (await tenant.data(document, id=str(cpo.id), after=cursor))["cpo"]["locations"]

    assert [_names(first), _names(second)] == [["Delta", "Charlie"], ["Bravo", "Alpha"]]
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (4, False)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"identity": {"startsWith": "A"}}, ["A1", "A2"]),
        ({"ocppVersion": {"eq": "OCPP_2_0_1"}}, ["B1"]),
        ({"ocppVersion": {"in": ["OCPP_1_6"]}}, ["A1", "A2"]),
        ({"connectorType": {"eq": "CCS2"}}, ["A2"]),
        ({"locationId": {"eq": "unknown"}}, []),
        ({"not": {"locationId": {"eq": "unknown"}}}, ["A1", "A2", "B1"]),
        ({"or": [{"identity": {"eq": "B1"}}, {"connectorType": {"in": ["CCS2"]}}]}, ["A2", "B1"]),
    ],
)
async def test_chargers_are_filtered_and_ordered_by_identity(
    tenant: Tenant, where: dict[str, Any], expected: list[str]
) -> None:
    await add_charger(tenant, identity="A2", connector_type="CCS2")
    await add_charger(tenant, identity="A1")
    await add_charger(tenant, identity="B1", ocpp_version="OCPP2.0.1")
    document = """
      query ($where: ChargerFilter) {
        chargers(where: $where, orderBy: [{field: IDENTITY, direction: ASC}]) { nodes { identity } totalCount }
      }
    """

    chargers = (await tenant.data(document, where=where))["chargers"]

    assert [node["identity"] for node in chargers["nodes"]] == expected
    assert chargers["totalCount"] == len(expected)


async def test_jobs_are_filtered_by_status_type_and_network(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    of_cpo = await add_job(tenant, type="CREATE_CPO", network_id=cpo.id)
    failed = await add_job(tenant, status="FAILED")
    document = "query ($where: JobFilter) { jobs(where: $where) { nodes { id } totalCount } }"

    async def found(**where: Any) -> list[str]:
        return [node["id"] for node in (await tenant.data(document, where=where))["jobs"]["nodes"]]

    assert await found() == [failed.id, of_cpo.id]
    assert await found(status=["FAILED", "PENDING"]) == [failed.id]
    assert await found(type=["CREATE_CPO"]) == [of_cpo.id]
    assert await found(cpoId=str(cpo.id)) == [of_cpo.id]
    assert await found(cpoId="nonsense") == []
    assert await found(status=[]) == []
    assert await found(status=["FAILED"] * 40_000) == [failed.id]


async def test_the_frames_of_a_charger_are_filtered_by_action_and_time(tenant: Tenant) -> None:
    charger = await add_charger(tenant)
    for minute, action in enumerate(("BootNotification", "Heartbeat", "Heartbeat")):
        await add_frame(tenant, charger, action=action, timestamp=START + timedelta(minutes=minute))
    document = """
      query ($id: ID!, $event: String, $from: DateTime, $to: DateTime, $after: String) {
        charger(id: $id) {
          logs(first: 2, event: $event, from: $from, to: $to, after: $after) {
            totalCount nodes { action timestamp direction charger { id } } pageInfo { endCursor }
          }
        }
      }
    """

    async def found(**where: Any) -> list[str]:
        logs = (await tenant.data(document, id=charger.id, **where))["charger"]["logs"]
        return [node["timestamp"][14:16] for node in logs["nodes"]]

    assert await found() == ["02", "01"]
    assert await found(event="BootNotification") == ["00"]
    assert await found(**{"from": "2026-01-01T00:01:00Z"}, to="2026-01-01T00:01:00Z") == ["01"]
    logs = (await tenant.data(document, id=charger.id))["charger"]["logs"]
    assert await found(after=logs["pageInfo"]["endCursor"]) == ["00"]
    assert logs["totalCount"] == 3
    assert logs["nodes"][0] == {
        "action": "Heartbeat",
        "timestamp": "2026-01-01T00:02:00.000Z",
        "direction": "CP_TO_CSMS",
        "charger": {"id": charger.id},
    }


@pytest.mark.parametrize(
    "where",
    [
        {"name": {"eq": "a\0b"}},
        {"id": {"in": ["fine", "\0"]}},
        {"or": [{"city": {"startsWith": "\0"}}]},
        {"name": {"in": ["x"] * 501}},
        {"not": {"not": {"not": {"not": {"not": {"not": {"name": {"eq": "deep"}}}}}}}},
        {"or": [{"name": {"eq": str(number)}} for number in range(300)]},
        {"createdAt": {"gt": "2026-01-01T00:00:00"}},
        {"createdAt": {"gt": "2026-01-01"}},
        {"createdAt": {"gt": "2026-02-30T00:00:00Z"}},
        {"createdAt": {"gt": "0001-01-01T00:00:00+14:00"}},
        {"createdAt": {"gt": 5}},
        {"name": "x"},
        {"nope": {"eq": "x"}},
        {"within": {"south": 1, "north": 2, "west": 3}},
        {"within": {"south": 2, "north": 1, "west": 3, "east": 4}},
        {"within": {"south": "NaN", "north": 2, "west": 3, "east": 4}},
        {"public": {"eq": "true"}},
    ],
)
async def test_a_filter_that_makes_no_sense_is_bad_user_input(tenant: Tenant, where: dict[str, Any]) -> None:
    result = await tenant.graphql(FILTERED, where=where)

    assert {error["extensions"]["code"] for error in result["errors"]} == {"BAD_USER_INPUT"}
    assert all(error["extensions"]["fields"] for error in result["errors"])


async def test_a_filter_of_many_values_is_answered(tenant: Tenant) -> None:
    await add_location(tenant, name="7")
    where = {"or": [{"name": {"eq": str(number)}} for number in range(150)]}

    assert await _found(tenant, where=where) == ["7"]


async def _add_sites(tenant: Tenant, number: int) -> None:
    for index in range(number):
        await add_location(tenant, name=f"S{index}", created_at=START + timedelta(seconds=index))


async def _found(tenant: Tenant, *, where: Any = None, order_by: Any = None) -> list[str]:
    return _names((await tenant.data(FILTERED, where=where, orderBy=order_by))["locations"])


def _names(connection: dict[str, Any]) -> list[str]:
    return [node["name"] for node in connection["nodes"]]
