"""Another tenant's rows answer exactly as rows that don't exist, in every field and on every route."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from graphql import build_schema

from resolvers.auth import Role
from rest.route import Access, Route
from rest.routes import ROUTES
from schema import make_schema
from tests.support.executor import first_event
from tests.support.factories import add_charger, add_cpo, add_frame, add_job, add_ocpi_location
from tests.support.gateway import Gateway, Tenant
from tests.support.rest import CHARGER_TEMPLATE, SITE

PLACE = '{name: "n", address: "a", city: "c", country: "FR", coordinates: {latitude: 1, longitude: 2}}'
CHARGER = 'brandSlug: "wallbox", modelSlug: "wallbox-pulsar-plus", connectorType: "Type2", wsUrl: "ws://127.0.0.1:1/x"'
IDENTITY = "TENANTS-1"

LISTS = [
    "{ locations { totalCount nodes { id } } }",
    "{ chargers { totalCount nodes { id } } }",
    "{ cpos { totalCount nodes { id } } }",
    "{ jobs { totalCount nodes { id } } }",
]
READS = [
    'query { location(id: "LOCATION") { id chargers { totalCount } } }',
    'query { ocpiLocation(id: "OCPI") { id } }',
    'query { charger(id: "DEPLOYED") { id logs { totalCount } } }',
    'query { cpo(id: "NETWORK") { id report } }',
    'query { job(id: "JOB") { id } }',
    'query { node(id: "LOCATION") { id } }',
    'query { node(id: "OCPI") { id } }',
    'query { node(id: "DEPLOYED") { id } }',
    'query { node(id: "NETWORK") { id } }',
    'query { node(id: "JOB") { id } }',
    'query { node(id: "EVSE") { id } }',
    'query { locations(where: {id: {eq: "LOCATION"}}) { totalCount } }',
    'query { chargers(where: {locationId: {in: ["LOCATION"]}}) { totalCount } }',
    'query { chargers(where: {not: {id: {eq: "unknown"}}}) { totalCount } }',
    'query { jobs(where: {cpoId: "NETWORK"}) { totalCount } }',
]
MUTATIONS = {
    "updateLocation": '(input: {id: "LOCATION", name: "mine"}) { location { id } }',
    "deleteLocation": '(input: {id: "LOCATION"}) { deletedId }',
    "deleteCpo": '(input: {id: "NETWORK"}) { deletedId }',
    "renewTokenA": '(input: {id: "NETWORK"}) { tokenA }',
    "bulkCreateOcpiLocations": f'(input: {{cpoId: "NETWORK", locations: [{{location: {PLACE}}}]}}) {{ job {{ id }} }}',
    "updateOcpiLocation": '(input: {id: "OCPI", name: "mine"}) { ocpiLocation { id } }',
    "deleteOcpiLocation": '(input: {id: "OCPI"}) { deletedId }',
    "createCharger": f'(input: {{identity: "NEW", {CHARGER}, locationId: "LOCATION"}}) {{ job {{ id }} }}',
    "bulkCreateChargers": (
        f'(input: {{locationId: "LOCATION", groups: [{{template: {{{CHARGER}}}, chargersNumber: 1}}]}}) '
        "{ job { id } }"
    ),
    "updateCharger": '(input: {id: "DEPLOYED", chargePointName: "mine"}) { charger { id } }',
    "deleteCharger": '(input: {id: "DEPLOYED"}) { deletedId }',
    "startCharger": '(input: {id: "DEPLOYED"}) { charger { id } }',
    "stopCharger": '(input: {id: "DEPLOYED"}) { charger { id } }',
    "resetCharger": '(input: {id: "DEPLOYED"}) { charger { id } }',
    "retryJob": '(input: {id: "JOB"}) { job { id } }',
    "cancelJob": '(input: {id: "JOB"}) { job { id } }',
}
SUBSCRIPTIONS = {
    "jobProgress": ["jobId"],
    "ocppMessages": ["chargerId", "locationId"],
    "connectorStatusChanged": ["chargerId", "locationId", "cpoId"],
}
WORDS = {"jobId": "JOB", "chargerId": "DEPLOYED", "locationId": "LOCATION", "cpoId": "NETWORK"}
# what a command says beside its target
EVENTS = {
    "plugConnector": "",
    "unplugConnector": "",
    "unlockConnector": "",
    "startTransaction": 'idTag: "T"',
    "stopTransaction": "",
    "startSession": 'idTag: "T"',
    "stopSession": "",
    "authorizeIdTag": 'idTag: "T"',
    "evRequestsEnergy": "",
    "evStopsEnergy": "",
    "powerUpdate": "powerW: 1",
    "injectFault": 'faultType: "OverCurrent"',
    "clearFault": "",
    "sendLocalList": "listVersion: 1, entries: []",
    "clearLocalList": "",
    "resetAuthCache": "",
    "setConfiguration": 'configuration: [{key: "a", value: "b"}]',
    "proxyMessage": 'action: "heartbeat", ocppVersion: "ocpp1.6", payload: {}',
    "setNetworkConditions": "",
}
NAMES_NO_ROW = {"createLocation", "createCpo"}

BODIES: dict[str, Any] = {
    "locations.update": {"name": "mine"},
    "chargers.update": {"name": "mine"},
    "location_chargers.create": [{"template": CHARGER_TEMPLATE, "chargers_number": 1}],
    "location_chargers.update": {"chargers": [{"charger_id": "DEPLOYED", "name": "mine"}]},
    "ocpi_locations.create": {"locations": [SITE]},
    "ocpi_locations.update": {"name": "mine"},
}
OF_ONE_ROW = [route for route in ROUTES if route.access is Access.TENANT and "{" in route.path]
# these answer an unknown id without an error (contract §4.5, §5.8, §10.5)
FORGIVING = {"locations.delete": 204, "chargers.get_logs": 200, "ocpi_cpos.delete": 204}


@dataclass(frozen=True)
class World:
    """The ids of one row of each kind, by the words that stand for them in the tables above."""

    LOCATION: str
    OCPI: str
    DEPLOYED: str
    NETWORK: str
    JOB: str
    EVSE: str

    def put_into(self, text: str) -> str:
        """The text with the ids for the words."""
        return re.sub("|".join(vars(self)), lambda match: vars(self)[match[0]], text)

    def take_out_of(self, answer: Any) -> Any:
        """An answer with the words for the ids, so that answers about different rows can be compared.

        Only texts hold ids: a status or a count may well be the number of a network.
        """
        if isinstance(answer, dict):
            return {key: self.take_out_of(value) for key, value in answer.items()}
        if isinstance(answer, list | tuple):
            return [self.take_out_of(value) for value in answer]
        if not isinstance(answer, str):
            return answer
        words = {id: word for word, id in vars(self).items()}
        ids = "|".join(re.escape(id) for id in words)
        return re.sub(rf"(?<![\w-])({ids})(?![\w-])", lambda match: words[match[0]], answer)


UNKNOWN = World(
    LOCATION=str(uuid4()), OCPI=f"loc-{uuid4().hex}", DEPLOYED=f"dep-{uuid4().hex}", NETWORK="2147483646",
    JOB=str(uuid4()), EVSE=f"evse-{uuid4().hex}",
)  # fmt: skip


@pytest.fixture
async def world(tenant: Tenant) -> World:
    cpo = await add_cpo(tenant)
    site = await add_ocpi_location(tenant, cpo, name="theirs")
    charger = await add_charger(tenant, location_id=site.location_id, identity=IDENTITY, name="theirs")
    await add_frame(tenant, charger)
    job = await add_job(tenant, items=1, network_id=cpo.id, location_id=site.location_id)
    document = "query ($id: ID!) { charger(id: $id) { evses { id } } }"
    evse = (await tenant.data(document, id=charger.id))["charger"]["evses"][0]["id"]
    return World(site.location_id, site.id, charger.id, str(cpo.id), job.id, evse)


@pytest.mark.parametrize("document", LISTS)
async def test_lists_hold_nothing_of_another_tenant(world: World, stranger: Tenant, document: str) -> None:
    [connection] = (await stranger.data(document)).values()

    assert connection == {"totalCount": 0, "nodes": []}


@pytest.mark.parametrize("document", READS)
async def test_a_foreign_id_reads_as_an_unknown_one(
    world: World, tenant: Tenant, stranger: Tenant, document: str
) -> None:
    own = await tenant.graphql(world.put_into(document))
    foreign = await stranger.graphql(world.put_into(document))
    unknown = await stranger.graphql(UNKNOWN.put_into(document))

    assert own != foreign
    assert foreign == unknown


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_of_a_foreign_row_answers_as_for_an_unknown_one(
    world: World, tenant: Tenant, stranger: Tenant, name: str
) -> None:
    document = f"mutation {{ {name}{MUTATIONS[name]} }}"
    before = await _everything(tenant)

    foreign = await stranger.graphql(world.put_into(document))
    unknown = await stranger.graphql(UNKNOWN.put_into(document))

    assert foreign["data"] is None
    assert world.take_out_of(foreign) == UNKNOWN.take_out_of(unknown)
    assert await _everything(tenant) == before


def test_every_mutation_stands_in_the_table() -> None:
    mutation = build_schema(make_schema().as_str()).mutation_type

    assert mutation is not None
    assert set(mutation.fields) - NAMES_NO_ROW == set(MUTATIONS) | set(EVENTS)


@pytest.mark.parametrize("target", ['{chargerId: "DEPLOYED"}', '{locationId: "LOCATION"}'])
@pytest.mark.parametrize("name", EVENTS)
async def test_a_command_to_a_foreign_charger_answers_as_to_an_unknown_one(
    world: World, stranger: Tenant, name: str, target: str
) -> None:
    document = f"mutation {{ {name}(input: {{target: {target}, {EVENTS[name]}}}) {{ targetedCount }} }}"

    foreign = await stranger.graphql(world.put_into(document))
    unknown = await stranger.graphql(UNKNOWN.put_into(document))

    assert foreign["errors"][0]["extensions"]["code"] in {"NOT_FOUND", "BAD_USER_INPUT"}
    assert world.take_out_of(foreign) == UNKNOWN.take_out_of(unknown)


@pytest.mark.parametrize(
    ("name", "argument"), [(name, argument) for name, arguments in SUBSCRIPTIONS.items() for argument in arguments]
)
async def test_a_subscription_to_a_foreign_row_answers_as_to_an_unknown_one(
    world: World, stranger: Tenant, name: str, argument: str
) -> None:
    document = f'subscription {{ {name}({argument}: "{WORDS[argument]}") {{ __typename }} }}'

    foreign = await first_event(stranger, world.put_into(document))
    unknown = await first_event(stranger, UNKNOWN.put_into(document))

    assert [error["extensions"]["code"] for error in foreign["errors"]] == ["NOT_FOUND"]
    assert world.take_out_of(foreign) == UNKNOWN.take_out_of(unknown)


def test_every_subscription_stands_in_the_table() -> None:
    subscription = build_schema(make_schema().as_str()).subscription_type

    assert subscription is not None
    assert set(subscription.fields) == set(SUBSCRIPTIONS)


async def test_a_charger_can_not_be_moved_to_a_foreign_location(world: World, stranger: Tenant) -> None:
    charger = await add_charger(stranger)
    document = (
        f'mutation {{ updateCharger(input: {{id: "{charger.id}", locationId: "LOCATION"}}) {{ charger {{ id }} }} }}'
    )

    foreign = await stranger.graphql(world.put_into(document))
    unknown = await stranger.graphql(UNKNOWN.put_into(document))

    assert foreign["data"] is None
    assert world.take_out_of(foreign) == UNKNOWN.take_out_of(unknown)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("route", OF_ONE_ROW, ids=lambda route: route.operation)
async def test_a_foreign_row_answers_on_every_route_as_an_unknown_one(
    world: World, gateway: Gateway, tenant: Tenant, route: Route, role: Role
) -> None:
    stranger = gateway.tenant(role=role)
    before = await _everything(tenant)

    foreign = await _call(stranger, route, world)
    unknown = await _call(stranger, route, UNKNOWN)

    assert foreign[0] == FORGIVING.get(route.operation, 404)
    assert world.take_out_of(foreign) == UNKNOWN.take_out_of(unknown)
    assert await _everything(tenant) == before


async def _call(tenant: Tenant, route: Route, world: World) -> tuple[int, Any]:
    location = world.OCPI if route.path.startswith("/ocpi") else world.LOCATION
    path = route.path.format(location_id=location, charger_id=world.DEPLOYED, cpo_id=world.NETWORK, job_id=world.JOB)
    if route.operation == "location_chargers.delete":
        path += f"?charger_ids={world.DEPLOYED}"
    body = BODIES.get(route.operation)
    options = {} if body is None else {"json": json.loads(world.put_into(json.dumps(body)))}
    return await tenant.rest(route.method, path, **options)


async def _everything(tenant: Tenant) -> dict[str, Any]:
    """All rows of a tenant with what could be changed in them."""
    return await tenant.data("""{
      locations { nodes { id name updatedAt } }
      cpos { nodes { id updatedAt locations { nodes { id name } } topology { locations chargers } } }
      chargers { nodes { id name runtime { status } updatedAt } }
      jobs { nodes { id status updatedAt } }
    }""")
