"""The network between a charger and its CSMS when it is bad, by seed; and the credentials that open it."""

from __future__ import annotations

import base64
import ssl
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from storage.models import OcppVersion, RuntimeStatus
from tests.support.certificates import write_certificates
from tests.support.chargers import Deployed, booted, deploy, eventually, remembering
from tests.support.csms import Csms, recording_csms
from tests.support.gateway import Tenant, running_gateway
from tests.support.jobs import over
from tests.support.one_database import ONE_DATABASE
from tests.support.rest import make_location

SET = """mutation($input: SetNetworkConditionsInput!) {
    setNetworkConditions(input: $input) { targetedCount queuedCount failed { identity error } }
}"""

CREATE_CPO = "mutation($input: CreateCpoInput!) { createCpo(input: $input) { cpo { id } job { id } } }"


async def set_network(tenant: Tenant, target: dict[str, str], **conditions: Any) -> dict[str, Any]:
    data = await tenant.data(SET, input={"target": target, **conditions})
    return dict(data["setNetworkConditions"])


def bad_network(**conditions: Any) -> dict[str, Any]:
    return {"network": {"seed": 7, **conditions}}


@ONE_DATABASE
async def test_latency_delays_every_frame(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await set_network(tenant, {"chargerId": charger.id}, latencyMs=200)

    before = station.calls[-1].at
    await station.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    await station.receives("Heartbeat")

    assert station.calls[-1].at - before > 0.3  # the answer and the heartbeat are under way for so long at least


@ONE_DATABASE
async def test_a_lost_connection_comes_back(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)

    await set_network(tenant, {"chargerId": charger.id}, loss=1.0)
    await station.send_text('[2,"lost","ClearCache",{}]')
    await station.until(lambda s: not s.connected)
    await set_network(tenant, {"chargerId": charger.id})

    await station.receives("BootNotification", 2)
    await station.receives("StatusNotification", 2)


@ONE_DATABASE
async def test_a_charger_that_pings_is_gone_when_it_is_stopped(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms, memory=remembering(WebSocketPingInterval=60))

    await charger.runtime("stop")

    await station.until(lambda s: not s.connected)


@ONE_DATABASE
async def test_a_frame_can_come_twice(tenant: Tenant, csms: Csms) -> None:
    [charger] = await deploy(tenant, csms.url, memory=bad_network(duplicate=1.0))
    station = await csms.station(charger.identity)
    await station.receives("StatusNotification", 2)

    ids = Counter(call.id for call in station.calls)
    assert set(ids.values()) == {2}


@ONE_DATABASE
async def test_refused_connections_are_tried_again(tenant: Tenant, csms: Csms) -> None:
    [charger] = await deploy(tenant, csms.url, memory=bad_network(refuse=1.0))
    await charger.shows("runtime_status", lambda status: status == "RUNNING")
    assert charger.identity not in csms.stations

    await set_network(tenant, {"chargerId": charger.id})

    await csms.station(charger.identity)


@ONE_DATABASE
async def test_the_network_of_a_location_is_that_of_its_chargers_and_is_kept(tenant: Tenant, csms: Csms) -> None:
    location = await make_location(tenant)
    chargers = await deploy(tenant, csms.url, count=2, location_id=location["id"])

    outcome = await set_network(tenant, {"locationId": location["id"]}, latencyMs=5, seed=3)

    assert outcome == {"targetedCount": 2, "queuedCount": 2, "failed": []}
    for charger in chargers:
        await eventually(charger.memory, lambda memory: memory.get("network", {}).get("latency_ms") == 5)


@ONE_DATABASE
async def test_a_foreign_charger_keeps_its_network(tenant: Tenant, stranger: Tenant, csms: Csms) -> None:
    charger, _ = await booted(tenant, csms)

    result = await stranger.graphql(SET, input={"target": {"chargerId": charger.id}, "latencyMs": 5})

    assert result["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@ONE_DATABASE
@pytest.mark.parametrize("latency", [-1, 60_001])
async def test_a_network_has_bounds(tenant: Tenant, latency: int) -> None:
    result = await tenant.graphql(SET, input={"target": {"chargerId": "dep-1"}, "latencyMs": latency})

    assert result["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@ONE_DATABASE
async def test_the_same_seed_gives_the_same_run(tenant: Tenant, csms: Csms) -> None:
    """Two chargers of one identity, of two tenants, lose their first connection at the same frame."""
    lost_at = [await _frames_until_lost(tenant.gateway.tenant(), seed) for seed in (11, 11, 12, 13, 14)]

    assert lost_at[0] == lost_at[1]
    assert len(set(lost_at)) > 1


async def _frames_until_lost(tenant: Tenant, seed: int) -> int:
    """How many questions of the CSMS a charger answers before its network breaks the connection."""
    async with recording_csms() as csms:
        memory = {"network": {"seed": seed, "loss": 0.1}}
        [charger] = await deploy(tenant, csms.url, memory=memory, identity="SEEDED")
        station = await csms.station(charger.identity)
        await station.until(lambda s: s.sent("StatusNotification") or not s.connected)
        answered = 0
        while station.connected and station.connections == 1:
            await station.send_text(f'[2,"{answered}","GetLocalListVersion",{{}}]')
            answered += 1
            await station.until(lambda s: s.answers >= answered or not s.connected or s.connections > 1)  # noqa: B023
        await charger.runtime("stop")
        return station.answers


@ONE_DATABASE
async def test_a_cookie_of_a_balancer_in_front_of_the_csms_is_not_shared_by_chargers(
    tenant: Tenant, csms: Csms
) -> None:
    csms.cookie = "node=1; Path=/"
    url = csms.url.replace("127.0.0.1", "localhost")  # an address has no cookies

    [first] = await deploy(tenant, url)
    await csms.station(first.identity)
    [second] = await deploy(tenant, url)

    assert (await csms.station(second.identity)).cookie is None


@ONE_DATABASE
async def test_credentials_of_the_url_are_sent_as_basic_auth(tenant: Tenant, csms: Csms) -> None:
    url = csms.url.replace("ws://", "ws://user:p%40ss@")

    [charger] = await deploy(tenant, url)

    assert (await csms.station(charger.identity)).authorization == _basic(b"user:p@ss")


@ONE_DATABASE
async def test_the_authorization_key_of_1_6_is_the_password_of_the_identity(tenant: Tenant, csms: Csms) -> None:
    key = "0001020304050607080910111213141516171819"
    [charger] = await deploy(tenant, csms.url, memory=remembering(AuthorizationKey=key))

    expected = charger.identity.encode() + b":" + bytes.fromhex(key)
    assert (await csms.station(charger.identity)).authorization == _basic(expected)


@ONE_DATABASE
async def test_a_password_that_the_csms_sets_is_used_after_the_reboot_and_never_shown(
    tenant: Tenant, csms: Csms
) -> None:
    charger, station = await booted(tenant, csms, version=OcppVersion.OCPP_2_0_1)
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}

    written = await station.call(
        "SetVariables", {"setVariableData": [{**variable, "attributeValue": "a-password-of-enough-length"}]}
    )
    read = await station.call("GetVariables", {"getVariableData": [variable]})
    await station.call("Reset", {"type": "Immediate"})
    await station.receives("BootNotification", 2)

    assert written["setVariableResult"][0]["attributeStatus"] == "RebootRequired"
    assert read["getVariableResult"][0]["attributeStatus"] == "Rejected"
    assert station.authorization == _basic(f"{charger.identity}:a-password-of-enough-length".encode())


async def test_a_setting_gives_every_charger_a_password(csms: Csms, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'auth.db'}"
    async with running_gateway(url, tmp_path, charger_password="shared-secret") as gateway:
        charger, station = await booted(gateway.tenant(), csms)

        assert station.authorization == _basic(f"{charger.identity}:shared-secret".encode())


async def test_a_csms_with_tls_is_trusted_by_the_ca_that_a_setting_names(tmp_path: Path) -> None:
    ca_file, server_file = write_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server_file)
    async with recording_csms(context) as csms:
        url = f"sqlite:///{tmp_path / 'tls.db'}"
        async with running_gateway(url, tmp_path, csms_ca_file=str(ca_file)) as gateway:
            _, station = await booted(gateway.tenant(), csms)

            assert csms.url.startswith("wss://")
            assert station.connected


def _basic(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


@ONE_DATABASE
async def test_a_charger_can_be_created_with_a_bad_network(tenant: Tenant, csms: Csms) -> None:
    document = """mutation($input: CreateChargerInput!) { createCharger(input: $input) { charger { id identity } } }"""
    network = {"latencyMs": 20, "duplicate": 1.0, "seed": 4}
    wanted = {
        "identity": f"NET-{uuid4().hex[:8]}", "brandSlug": "wallbox", "modelSlug": "wallbox-pulsar-plus",
        "connectorType": "Type2", "wsUrl": csms.url, "network": network,
    }  # fmt: skip

    created = (await tenant.data(document, input=wanted))["createCharger"]["charger"]
    station = await csms.station(created["identity"])
    await station.receives("StatusNotification", 2)

    assert station.calls[0].id == station.calls[1].id


@ONE_DATABASE
async def test_chargers_of_a_bulk_request_can_have_a_bad_network(tenant: Tenant, csms: Csms) -> None:
    location = await make_location(tenant)
    template = {
        "brand_slug": "wallbox", "model_slug": "wallbox-pulsar-plus", "connector_type": "Type2", "ws_url": csms.url,
        "identity_prefix": f"NET-{uuid4().hex[:8]}-", "network": {"duplicate": 1.0},
    }  # fmt: skip

    await tenant.rest(
        "POST", f"/ocpp/locations/{location['id']}/chargers", json=[{"template": template, "charger_ids": ["1"]}]
    )
    station = await csms.station(f"{template['identity_prefix']}1")
    await station.receives("StatusNotification", 2)

    assert station.calls[0].id == station.calls[1].id


@ONE_DATABASE
async def test_a_network_of_sites_is_created_with_a_bad_network_and_given_another(tenant: Tenant) -> None:
    wanted = {
        "template": "mixed-depot", "countryCode": "FR", "partyId": "ABC", "namePrefix": "bad-", "seed": 5,
        "network": {"latencyMs": 5, "seed": 3},
    }  # fmt: skip
    made = (await tenant.data(CREATE_CPO, input=wanted))["createCpo"]
    await over(tenant, made["job"]["id"])
    chargers = [
        Deployed(tenant, node["id"], node["identity"])
        for node in (await tenant.data("{ chargers(first: 10) { nodes { id identity } } }"))["chargers"]["nodes"]
    ]
    for charger in chargers:
        await charger.shows("runtime_status", lambda status: status == RuntimeStatus.RUNNING)
    at_first = [(await charger.memory())["network"] for charger in chargers]

    outcome = await set_network(tenant, {"cpoId": made["cpo"]["id"]}, latencyMs=9)

    assert {(network["latency_ms"], network["seed"]) for network in at_first} == {(5, 3)}
    assert outcome == {"targetedCount": 6, "queuedCount": 6, "failed": []}
    for charger in chargers:
        await eventually(charger.memory, lambda memory: memory["network"]["latency_ms"] == 9)
