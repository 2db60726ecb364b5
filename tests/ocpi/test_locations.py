"""Locations as a peer reads them, in both versions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from storage.bulk import insert_rows
from storage.models import Evse, Location, OcpiConnector, OcpiLocation, wire
from tests.support.emsp import sent
from tests.support.factories import writing
from tests.support.gateway import Tenant
from tests.support.network import Network, add_network
from tests.support.rest import SITE, made, ready
from tests.support.statements import counted_statements
from tests.support.turns import watched_turns

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def first_location(network: Network) -> dict[str, Any]:
    data: list[dict[str, Any]] = await (await network.peer()).data(f"/ocpi/{network.version}/locations")
    return data[0]


async def date_everything(network: Network, at: datetime) -> None:
    async with writing(network.tenant) as session:
        await session.execute(update(Location).values(updated_at=at))
        await session.execute(update(Evse).values(last_updated=at))
        await session.execute(update(OcpiConnector).values(last_updated=at))


async def test_a_location_of_2_2_1_is_complete(tenant: Tenant) -> None:
    network = await add_network(tenant, "2.2.1", party_id="ABC")
    location_id = await network.add_site(
        name="Hub", timezone="Europe/Paris", parking_type="ON_STREET", owner_name="VINCI Autoroutes", public=False
    )
    await network.add_charger(location_id, "CP-001", evses=2)
    await date_everything(network, LONG_AGO)

    location = await first_location(network)

    def evse(number: int) -> dict[str, Any]:
        return {
            "uid": f"CP-001_C{number}",
            "evse_id": location["evses"][number - 1]["evse_id"],
            "status": "AVAILABLE",
            "capabilities": ["RFID_READER"],
            "connectors": [
                {
                    "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE",
                    "max_voltage": 230, "max_amperage": 32, "max_electric_power": 22000,
                    "last_updated": "2020-01-01T00:00:00.000Z",
                }
            ],
            "last_updated": "2020-01-01T00:00:00.000Z",
        }  # fmt: skip

    assert location == {
        "country_code": "FR",
        "party_id": "ABC",
        "id": location_id,
        "publish": False,
        "name": "Hub",
        "address": "14 Rue de la Paix",
        "city": "Paris",
        "country": "FRA",
        "coordinates": {"latitude": "48.856600", "longitude": "2.352200"},
        "parking_type": "ON_STREET",
        "evses": [evse(1), evse(2)],
        "owner": {"name": "VINCI Autoroutes"},
        "time_zone": "Europe/Paris",
        "last_updated": "2020-01-01T00:00:00.000Z",
    }


async def test_a_location_of_2_1_1_is_complete(tenant: Tenant) -> None:
    network = await add_network(tenant, "2.1.1", party_id="ABC")
    location_id = await network.add_site(name="Hub", timezone="Europe/Paris")
    await network.add_charger(location_id, "CP001")
    await date_everything(network, LONG_AGO)

    assert await first_location(network) == {
        "id": location_id,
        "type": "UNKNOWN",
        "name": "Hub",
        "address": "14 Rue de la Paix",
        "city": "Paris",
        "postal_code": "-",
        "country": "FRA",
        "coordinates": {"latitude": "48.856600", "longitude": "2.352200"},
        "evses": [
            {
                "uid": "CP001",
                "evse_id": "FR*ABC*ECP001",
                "status": "AVAILABLE",
                "capabilities": ["RFID_READER"],
                "connectors": [
                    {
                        "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE",
                        "voltage": 230, "amperage": 32, "last_updated": "2020-01-01T00:00:00Z",
                    }
                ],
                "last_updated": "2020-01-01T00:00:00Z",
            }
        ],
        "time_zone": "Europe/Paris",
        "last_updated": "2020-01-01T00:00:00Z",
    }  # fmt: skip


async def test_what_a_version_requires_is_there_when_the_site_has_none(network: Network) -> None:
    await network.add_site(timezone=None, country="QQ", parking_type="ON_DRIVEWAY")

    location = await first_location(network)

    required = {"time_zone": "Etc/UTC"} if network.version == "2.2.1" else {"type": "OTHER", "postal_code": "-"}
    assert required.items() <= location.items()
    assert location["country"] == "ZZZ"
    assert location["evses"] == []


async def test_a_parking_type_is_the_type_of_a_location_of_2_1_1_however_it_was_given(tenant: Tenant) -> None:
    network = await add_network(tenant, "2.1.1")
    path = f"/ocpi/cpos/{network.id}/locations"
    template = {"template": "urban-ac-hub", "overrides": {"name": "From a template"}}

    job = await made(tenant, path, {"locations": [{**SITE, "parking_type": "PARKING_LOT"}, template]}, 202)
    full, expanded = (await ready(tenant, job["status_url"]))["results"]["created"]
    created = await types_of(network)
    await tenant.rest("PATCH", f"{path}/{full['id']}", json={"parking_type": "ALONG_MOTORWAY"})
    await tenant.rest("PATCH", f"{path}/{expanded['id']}", json={"parking_type": None})
    changed = await types_of(network)

    assert created == {SITE["name"]: "PARKING_LOT", "From a template": "PARKING_GARAGE"}
    assert changed == {SITE["name"]: "OTHER", "From a template": "UNKNOWN"}


async def types_of(network: Network) -> dict[str, str]:
    """The types of a network's locations, by their names."""
    listed = await (await network.peer()).data(f"/ocpi/{network.version}/locations")
    return {location["name"]: location["type"] for location in listed}


async def test_texts_are_one_printable_line_of_ocpis_length(network: Network) -> None:
    await network.add_site(
        name="\tParking\n 1\x01 ", address="A" * 44 + " " + "B" * 100, city="Ω" * 60, owner_name="C" * 150
    )

    location = await first_location(network)

    assert location["name"] == "Parking 1"
    assert location["address"] == "A" * 44
    assert location["city"] == "Ω" * 45
    assert location["owner"] == {"name": "C" * 100}


@pytest.mark.parametrize(
    ("latitude", "longitude", "shown"),
    [
        (-90.0, -180.0, ("-90.000000", "-180.000000")),
        (22.31934356689453, 114.15644073486328, ("22.319344", "114.156441")),
        (-0.0000001, 0.0, ("0.000000", "0.000000")),
        (1e-5, -1e-5, ("0.000010", "-0.000010")),
    ],
)
async def test_coordinates_are_strings_with_six_decimals(
    network: Network, latitude: float, longitude: float, shown: tuple[str, str]
) -> None:
    await network.add_site(latitude=latitude, longitude=longitude)

    assert (await first_location(network))["coordinates"] == {"latitude": shown[0], "longitude": shown[1]}


async def test_long_uids_are_shortened_and_stay_unique_and_readable(network: Network) -> None:
    location_id = await network.add_site()
    await network.add_charger(location_id, "a" * 48, evses=2)
    peer = await network.peer()

    evses = (await first_location(network))["evses"]

    uids = [evse["uid"] for evse in evses]
    assert len(set(uids)) == 2
    assert all(len(uid) <= 36 for uid in uids)
    for evse in evses:
        path = f"/ocpi/{network.version}/locations/{location_id}/{evse['uid']}"
        assert await peer.data(path) == evse


async def test_evse_ids_are_of_the_emi3_form_and_unique(network: Network) -> None:
    location_id = await network.add_site()
    for identity in ("CP_1", "CP-1", "cp_1", "x" * 48, "*-*", "site|1@hub"):
        await network.add_charger(location_id, identity)

    ids = [evse["evse_id"] for evse in (await first_location(network))["evses"]]

    assert ids[0] == "FR*ABC*ECP*1"
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"FR\*ABC\*E[A-Z0-9][A-Z0-9*]{0,30}", each) for each in ids), ids


async def test_a_standard_that_2_1_1_does_not_know_is_left_out_there(network: Network) -> None:
    location_id = await network.add_site()
    await network.add_charger(location_id, "CN1", standard="GBT_DC", power_type="DC")
    await network.add_charger(location_id, "CN2")
    peer = await network.peer()

    uids = [evse["uid"] for evse in (await first_location(network))["evses"]]

    shown = network.version == "2.2.1"
    status, _, _ = await peer.call("GET", f"/ocpi/{network.version}/locations/{location_id}/CN1")
    assert uids == (["CN1", "CN2"] if shown else ["CN2"])
    assert status == (200 if shown else 404)


async def test_objects_can_be_read_one_by_one_in_any_case(network: Network) -> None:
    location_id = await network.add_site()
    await network.add_charger(location_id, "Depot*1")
    peer, path = await network.peer(), f"/ocpi/{network.version}/locations"

    listed = (await peer.data(path))[0]

    assert await peer.data(f"{path}/{location_id}") == listed
    assert await peer.data(f"{path}/{location_id.upper()}/") == listed
    assert await peer.data(f"{path}/{location_id}/DEPOT*1") == listed["evses"][0]
    assert await peer.data(f"{path}/{location_id}/Depot%2A1/1") == listed["evses"][0]["connectors"][0]


async def test_of_uids_that_differ_only_in_case_the_exact_one_is_read(network: Network) -> None:
    location_id = await network.add_site()
    for identity in ("Depot*1", "DEPOT*1"):
        await network.add_charger(location_id, identity)
    peer, path = await network.peer(), f"/ocpi/{network.version}/locations/{location_id}"

    asked = ("Depot*1", "DEPOT*1", "depot*1")
    read = [(await peer.data(f"{path}/{uid}"))["uid"] for uid in asked]

    assert read == ["Depot*1", "DEPOT*1", "Depot*1"]


@pytest.mark.parametrize("rest", ["loc-0", "%00", "%F0%9F", "{id}/x", "{id}/CP/2", "{id}/CP/1/1", "x" * 5000])
async def test_unknown_objects_are_404_in_an_envelope(network: Network, rest: str) -> None:
    location_id = await network.add_site()
    await network.add_charger(location_id, "CP")
    path = f"/ocpi/{network.version}/locations/{rest.replace('{id}', location_id)}"

    status, body, _ = await (await network.peer()).call("GET", path)

    assert (status, body["status_code"]) == (404, 2003)


async def test_the_last_update_of_anything_inside_is_that_of_the_location(network: Network) -> None:
    location_id = await network.add_site()
    await network.add_charger(location_id, "CP")
    await date_everything(network, LONG_AGO)
    changed_at = LONG_AGO + timedelta(days=1)
    async with writing(network.tenant) as session:
        await session.execute(update(OcpiConnector).values(last_updated=changed_at))

    location = await first_location(network)

    shown = wire(changed_at) if network.version == "2.2.1" else "2020-01-02T00:00:00Z"
    evse = location["evses"][0]
    assert {location["last_updated"], evse["last_updated"], evse["connectors"][0]["last_updated"]} == {shown}


async def test_date_from_includes_and_date_to_excludes(network: Network) -> None:
    ids = [await network.add_site(created_at=LONG_AGO + timedelta(hours=hour)) for hour in range(3)]
    for number, location_id in enumerate(ids):
        await network.add_charger(location_id, f"CP{number}")
    await date_everything(network, LONG_AGO)
    async with writing(network.tenant) as session:
        late = LONG_AGO + timedelta(days=1)
        await session.execute(update(Location).where(Location.created_at == LONG_AGO).values(updated_at=late))
        await session.execute(update(Evse).where(Evse.evse_uid == "CP1").values(last_updated=late))
    peer = await network.peer()

    async def found(query: str) -> list[str]:
        return [each["id"] for each in await peer.data(f"/ocpi/{network.version}/locations?{query}")]

    assert await found("date_from=2020-01-02T00:00:00Z") == ids[:2]
    assert await found("date_from=2020-01-02T00:00:00.001Z") == []
    assert await found("date_to=2020-01-02T00:00:00") == ids[2:]
    assert await found("date_from=2020-01-01T00:00:00Z&date_to=2020-01-03T00:00:00Z") == ids


async def test_a_site_changes_with_a_charger_that_leaves_it(network: Network) -> None:
    """Deleted, and moved to another site: a peer that asks for what is new sees the sites without them."""
    ids = [await network.add_site(created_at=LONG_AGO + timedelta(hours=hour)) for hour in range(3)]
    gone, moved = [await network.add_charger(location_id, f"CP{number}") for number, location_id in enumerate(ids[:2])]
    await date_everything(network, LONG_AGO)
    async with writing(network.tenant) as session:
        target = (await session.get_one(OcpiLocation, ids[2])).location_id
    peer = await network.peer()
    document = """mutation($gone: ID!, $moved: ID!, $target: ID!) {
        deleteCharger(input: {id: $gone}) { deletedId }
        updateCharger(input: {id: $moved, locationId: $target}) { charger { id } }
    }"""

    await network.tenant.data(document, gone=gone, moved=moved, target=target)

    new = await peer.data(f"/ocpi/{network.version}/locations?date_from=2020-01-02T00:00:00Z")
    shown = [(each["id"], [evse["uid"] for evse in each.get("evses", [])]) for each in new]
    assert shown == [(ids[0], []), (ids[1], []), (ids[2], ["CP1"])]


async def test_pages_follow_their_links_and_tell_the_total(network: Network) -> None:
    ids = [await network.add_site(created_at=LONG_AGO + timedelta(hours=hour)) for hour in range(5)]
    peer, seen, links = await network.peer(), [], []
    url = f"/ocpi/{network.version}/locations?limit=2&date_from=2019-01-01T00:00:00Z"

    while url:
        _, body, headers = await peer.call("GET", url)
        seen += [each["id"] for each in body["data"]]
        assert (headers["X-Total-Count"], headers["X-Limit"]) == ("5", "2")
        link = re.fullmatch('<(.*)>; rel="next"', headers.get("Link", ""))
        url = link[1] if link else ""
        links.append(url)

    base = f"{network.tenant.gateway.url}/ocpi/{network.version}/locations"
    assert seen == ids
    assert links == [
        f"{base}?offset=2&limit=2&date_from=2019-01-01T00:00:00Z",
        f"{base}?offset=4&limit=2&date_from=2019-01-01T00:00:00Z",
        "",
    ]


async def test_a_limit_beyond_the_servers_is_cut_and_told(network: Network) -> None:
    _, _, headers = await (await network.peer()).call("GET", f"/ocpi/{network.version}/locations/?limit=2000&offset=7")

    assert (headers["X-Limit"], headers["X-Total-Count"], "Link" in headers) == ("100", "0", False)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=x", "limit=", "offset=-1", "offset=1e3", "offset=99999999999999999999",
        "offset=%D9%A1", "date_from=yesterday", "date_from=2020-13-01T00:00:00Z", "date_from=2020-01-01",
        "date_to=0000-01-01T00:00:00Z", "date_to=2020-W01-1T00:00:00", "date_to=", "date_from=%00",
    ],
)  # fmt: skip
async def test_parameters_out_of_bounds_are_2001(network: Network, query: str) -> None:
    status, body, _ = await (await network.peer()).call("GET", f"/ocpi/{network.version}/locations?{query}")

    assert (status, body["status_code"]) == (200, 2001)
    assert "data" not in body


async def test_the_earliest_and_latest_instants_can_be_asked_for(network: Network) -> None:
    await network.add_site()
    peer = await network.peer()

    query = "date_from=0001-01-01T00:00:00Z&date_to=9999-12-31T23:59:59.999999Z"

    assert len(await peer.data(f"/ocpi/{network.version}/locations?{query}")) == 1


async def test_a_token_opens_its_own_network_only(network: Network, stranger: Tenant) -> None:
    same_tenants = await add_network(network.tenant, network.version)
    strangers = await add_network(stranger, network.version)
    location_id = await network.add_site()
    path = f"/ocpi/{network.version}/locations"

    for other in (same_tenants, strangers):
        peer = await other.peer()
        assert await peer.data(path) == []
        assert (await peer.call("GET", f"{path}/{location_id}"))[0] == 404
    assert len(await (await network.peer()).data(path)) == 1


async def test_a_page_takes_the_same_statements_however_long_it_is(network: Network) -> None:
    peer, path = await network.peer(), f"/ocpi/{network.version}/locations"
    counts = []
    for number in range(4):
        location_id = await network.add_site()
        await network.add_charger(location_id, f"CP{number}", evses=2)
        with counted_statements(network.tenant.gateway) as statements:
            await peer.data(path)
        # the gateway's own chargers and jobs write at the same time
        read = "credentials|ocpi_locations|ocpi_evses"
        counts.append(sum(bool(re.search(read, each)) for each in statements))

    assert counts == [5] * 4, "the token, the page, the ids of what is in it, what is in it, the total"


async def test_others_have_their_turn_while_a_large_page_is_made(network: Network) -> None:
    charger_id = await network.add_charger(await network.add_site(), "CP", evses=0)
    await add_evses(network, charger_id, 8_000)
    peer = await network.peer()
    url = f"{peer.url}/ocpi/{network.version}/locations"
    headers = {"Authorization": sent(peer.token, peer.version)}

    async with watched_turns() as turns, peer.http.get(url, headers=headers) as response:
        body = await response.read()  # reading JSON of this size would take a turn of its own

    assert body.count(b'"uid"') == 8_000
    assert turns.longest_s < turns.worked_s / 5


async def add_evses(network: Network, charger_id: str, count: int) -> None:
    evse = {"charger_id": charger_id, "connector_type": "Type2", "max_power": 22000, "last_updated": LONG_AGO}
    connector = {
        "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE", "max_voltage": 230,
        "max_amperage": 32, "last_updated": LONG_AGO,
    }  # fmt: skip
    evses = [{"id": uuid4().hex, "evse_uid": f"CP_C{n}", "connector_number": n, **evse} for n in range(count)]
    connectors = [{"id": uuid4().hex, "evse_id": each["id"], **connector} for each in evses]
    async with writing(network.tenant) as session:
        await session.run_sync(insert_rows, Evse, evses)
        await session.run_sync(insert_rows, OcpiConnector, connectors)
