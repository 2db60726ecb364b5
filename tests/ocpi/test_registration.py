"""The hand-shake: a network's Token A, a peer's credentials, and the tokens they exchange."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

import edge
from storage.models import Cpo
from tests.support.emsp import Emsp, OcpiClient, credentials, running_emsp
from tests.support.endless import begun
from tests.support.factories import writing
from tests.support.gateway import Tenant
from tests.support.network import Network, add_network
from tests.support.rest import until

RENEW = """
    mutation ($id: ID!) {
      renewTokenA(input: {id: $id}) { cpo { id report } tokenA roamHelper { credentialsPayload curlSnippet } }
    }
"""


@pytest.fixture
async def emsp(version: str) -> AsyncIterator[Emsp]:
    async with running_emsp(version) as emsp:
        yield emsp


async def registered(network: Network, emsp: Emsp) -> OcpiClient:
    _, body, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", json=emsp.credentials)
    assert body["status_code"] == 1000, body
    return network.client(body["data"]["token"])


async def test_a_peer_finds_its_way_from_the_versions_url_to_the_locations(network: Network, emsp: Emsp) -> None:
    client = network.client()

    versions = await client.data(f"/ocpi/{network.version}/versions")
    details = await client.data(versions[0]["url"])
    endpoints = {each["identifier"]: each["url"] for each in details["endpoints"]}
    status, body, _ = await client.call("POST", endpoints["credentials"], json=emsp.credentials)

    assert (status, body["status_code"]) == (200, 1000)
    assert await network.client(body["data"]["token"]).data(endpoints["locations"]) == []


async def test_credentials_that_do_not_come_are_answered_in_the_envelope(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "BODY_TIMEOUT_S", 0.1)

    status, body, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", data=begun())

    assert (status, body["status_code"]) == (408, 2001)
    assert body["status_message"] == "The request body did not arrive in time."


async def test_versions_and_details_are_those_of_the_network(network: Network) -> None:
    base = f"{network.tenant.gateway.url}/ocpi/{network.version}"
    role = {"role": "SENDER"} if network.version == "2.2.1" else {}

    versions = await network.client().data("/ocpi/versions")
    details = await network.client().data(f"/ocpi/{network.version}")

    assert versions == [{"version": network.version, "url": base}]
    assert details == {
        "version": network.version,
        "endpoints": [
            {"identifier": "credentials", "url": f"{base}/credentials", **role},
            {"identifier": "locations", "url": f"{base}/locations", **role},
        ],
    }
    assert await network.client().data(f"/ocpi/{network.version}/details") == details


async def test_registration_answers_a_new_token_and_the_party_of_the_network(network: Network, emsp: Emsp) -> None:
    _, body, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", json=emsp.credentials)

    data = body["data"]
    token = data.pop("token")
    party = {"country_code": "FR", "party_id": "ABC", "business_details": {"name": "demo-"}}
    shown = party if network.version == "2.1.1" else {"roles": [{"role": "CPO", **party}]}
    assert data == {"url": f"{network.tenant.gateway.url}/ocpi/{network.version}/versions", **shown}
    assert token not in {network.token_a, emsp.token}
    assert len(token) <= 64
    assert await network.client(token).data(f"/ocpi/{network.version}/credentials") == {"token": token, **data}


async def test_the_peer_need_not_tell_who_it_is(network: Network, emsp: Emsp) -> None:
    path = f"/ocpi/{network.version}/credentials"

    _, body, _ = await network.client().call("POST", path, json={"token": emsp.token, "url": emsp.versions_url})

    assert body["status_code"] == 1000


async def test_registration_reads_the_peers_versions_and_details_with_its_token(network: Network, emsp: Emsp) -> None:
    await registered(network, emsp)

    assert [each["path"] for each in emsp.seen] == ["/versions", f"/{network.version}"]
    assert all("X-Request-ID" in each and "X-Correlation-ID" in each for each in emsp.seen)


async def test_token_a_opens_only_versions_details_and_credentials(network: Network) -> None:
    path = f"/ocpi/{network.version}"

    refused = [await network.client().call("GET", f"{path}/{rest}") for rest in ("locations", "locations/x", "cdrs")]
    answer = await network.client().data(f"{path}/credentials")

    assert [(status, body["status_code"]) for status, body, _ in refused] == [(401, 2002)] * 3
    assert answer["token"] == network.token_a


async def test_token_a_is_dead_after_registration(network: Network, emsp: Emsp) -> None:
    await registered(network, emsp)

    for method, path in (("GET", "/ocpi/versions"), ("POST", f"/ocpi/{network.version}/credentials")):
        status, body, _ = await network.client().call(method, path, json=emsp.credentials)
        assert (status, body["status_code"]) == (401, 2002)


async def test_a_renewed_token_a_registers_another_peer_and_the_first_one_stays(network: Network, emsp: Emsp) -> None:
    first = await registered(network, emsp)

    renewed = (await network.tenant.data(RENEW, id=str(network.id)))["renewTokenA"]
    network.token_a = renewed["tokenA"]
    second = await registered(network, emsp)

    url = f"{network.tenant.gateway.url}/ocpi/{network.version}"
    assert renewed["roamHelper"]["credentialsPayload"] == {"token": network.token_a, "url": f"{url}/versions"}
    assert f"Authorization: Token {network.token_a}" in shlex.split(renewed["roamHelper"]["curlSnippet"])
    assert f"`{network.token_a}`" in renewed["cpo"]["report"]
    assert [await peer.data(f"{url}/locations") for peer in (first, second)] == [[], []]


async def test_a_token_a_that_was_not_used_is_dead_once_it_is_renewed(network: Network, emsp: Emsp) -> None:
    await network.tenant.data(RENEW, id=str(network.id))

    status, body, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", json=emsp.credentials)

    assert (status, body["status_code"]) == (401, 2002)


async def test_a_token_a_that_is_renewed_while_a_peer_registers_with_it_is_not_used_up(
    network: Network, emsp: Emsp
) -> None:
    async def renew() -> None:
        network.token_a = (await network.tenant.data(RENEW, id=str(network.id)))["renewTokenA"]["tokenA"]

    emsp.meanwhile = renew
    old = network.client()
    status, body, _ = await old.call("POST", f"/ocpi/{network.version}/credentials", json=emsp.credentials)

    assert (status, body["status_code"]) == (401, 2002)
    assert await registered(network, emsp)


async def test_a_registered_peer_cannot_post_again(network: Network, emsp: Emsp) -> None:
    peer = await registered(network, emsp)

    status, body, headers = await peer.call("POST", f"/ocpi/{network.version}/credentials", json=emsp.credentials)

    assert (status, body["status_code"]) == (405, 2000)
    assert headers["Allow"] == "DELETE, GET, PUT"


async def test_of_two_registrations_at_once_one_wins(network: Network, emsp: Emsp) -> None:
    path = f"/ocpi/{network.version}/credentials"

    answers = await asyncio.gather(
        *(network.client().call("POST", path, json=emsp.credentials) for _ in range(3)),
    )

    assert sorted((status, body["status_code"]) for status, body, _ in answers) == [
        (200, 1000),
        (401, 2002),
        (401, 2002),
    ]


async def test_put_rotates_both_tokens(network: Network, emsp: Emsp) -> None:
    peer = await registered(network, emsp)
    path = f"/ocpi/{network.version}/credentials"
    emsp.token = "b_another"

    _, body, _ = await peer.call("PUT", path, json=emsp.credentials)

    status, _, _ = await peer.call("GET", path)
    rotated = network.client(body["data"]["token"])
    assert status == 401
    assert await rotated.data(path) == body["data"]
    assert len(emsp.seen) == 4


async def test_put_and_delete_need_a_registration(network: Network, emsp: Emsp) -> None:
    for method in ("PUT", "DELETE"):
        status, body, headers = await network.client().call(
            method, f"/ocpi/{network.version}/credentials", json=emsp.credentials
        )
        assert (status, body["status_code"], headers["Allow"]) == (405, 2000, "GET, POST")


async def test_a_peer_that_deletes_its_credentials_is_let_in_no_more(network: Network, emsp: Emsp) -> None:
    peer = await registered(network, emsp)
    path = f"/ocpi/{network.version}/credentials"

    status, body, _ = await peer.call("DELETE", path)

    assert (status, body["status_code"], "data" in body) == (200, 1000, False)
    assert (await peer.call("GET", path))[0] == 401


def answer(document: Any, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(document), status=status, content_type="application/json")


UNUSABLE = {
    "an HTTP error": answer({}, 500),
    "a redirect": web.Response(status=302, headers={"Location": "/elsewhere"}),
    "an OCPI error": answer({"data": [], "status_code": 2000}),
    "another shape": answer({"data": {"version": "2.2.1"}, "status_code": 1000}),
    "no JSON": web.Response(text="<html>"),
    "a bare list": answer([]),
    "a URL that is none": answer({"data": [{"version": "2.2.1", "url": "file:///etc/passwd"}], "status_code": 1000}),
    "a URL with a password": answer(
        {"data": [{"version": v, "url": "http://u:p@127.0.0.1:1/"} for v in ("2.1.1", "2.2.1")], "status_code": 1000}
    ),
    "too much": web.Response(text=" " * 2_000_000),
}


@pytest.mark.parametrize("what", UNUSABLE)
async def test_a_peer_whose_versions_cannot_be_used_is_told_3001(network: Network, emsp: Emsp, what: str) -> None:
    path = f"/ocpi/{network.version}/credentials"
    emsp.answers["/versions"] = clone(UNUSABLE[what])

    status, body, _ = await network.client().call("POST", path, json=emsp.credentials)

    assert (status, body["status_code"]) == (200, 3001)
    assert emsp.versions_url in body["status_message"]
    assert (await network.client().data(path))["token"] == network.token_a, "a failed registration uses nothing up"


def clone(response: web.Response) -> web.Response:
    """A response object can be sent once."""
    return web.Response(body=response.body, status=response.status, headers=response.headers)


async def test_a_peer_that_cannot_be_reached_is_told_3001(network: Network) -> None:
    for url in ("http://127.0.0.1:1/versions", "http://no-such-host.invalid/", "http://[::1", "http://a:99999/"):
        body = credentials(url, network.version)
        status, told, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", json=body)
        assert (status, told["status_code"]) == (200, 3001), url


async def test_a_url_may_hold_an_at_sign_behind_its_host(network: Network, emsp: Emsp) -> None:
    body = {**emsp.credentials, "url": f"{emsp.versions_url}?of=@me"}

    _, told, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", json=body)

    assert told["status_code"] == 1000


async def test_a_peer_that_does_not_answer_in_time_is_told_3001(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocpi.client.TIMEOUT_S", 0.2)
    silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/versions"

    async with silent:
        status, told, _ = await network.client().call(
            "POST", f"/ocpi/{network.version}/credentials", json=credentials(url, network.version)
        )

    assert (status, told["status_code"]) == (200, 3001)


async def test_a_peer_without_our_version_is_told_3002(network: Network, emsp: Emsp) -> None:
    emsp.answers["/versions"] = answer({"data": [{"version": "2.0", "url": emsp.url}], "status_code": 1000})

    status, body, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", json=emsp.credentials)

    assert (status, body["status_code"]) == (200, 3002)


async def test_a_peer_without_a_credentials_endpoint_is_told_3003(network: Network, emsp: Emsp) -> None:
    emsp.answers[f"/{network.version}"] = answer({"data": {"endpoints": []}, "status_code": 1000})

    status, body, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", json=emsp.credentials)

    assert (status, body["status_code"]) == (200, 3003)


@pytest.mark.parametrize("body", [b"", b"{", b'"\\ud800"', b"\xff", b"[" * 10_000, b'{"token": NaN}'])
async def test_a_body_that_is_not_json_is_400(network: Network, body: bytes) -> None:
    status, told, _ = await network.client().call("POST", f"/ocpi/{network.version}/credentials", data=body)

    assert (status, told["status_code"]) == (400, 2001)


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""}, {"token": "x" * 65}, {"token": "has space"}, {"token": "nul\0"}, {"token": None}, {"token": 1},
        {"url": "ftp://peer/"}, {"url": "http://" + "x" * 255}, {"url": "http://peer/\n"}, {"url": None},
        {"url": "http://user@peer/"}, {"url": "http://user:password@peer/versions"}, {"url": "http://:@peer"},
        {"roles": [], "party_id": ""}, {"roles": [{}], "country_code": "NLD"}, {"roles": None, "party_id": None},
        {"roles": [{"role": "EMSP", "party_id": "MSP", "country_code": "NL", "business_details": {"name": "\0"}}],
         "business_details": {"name": "\0"}},
    ],
)  # fmt: skip
async def test_credentials_that_break_the_rules_are_2001(network: Network, emsp: Emsp, change: dict[str, Any]) -> None:
    status, body, _ = await network.client().call(
        "POST", f"/ocpi/{network.version}/credentials", json={**emsp.credentials, **change}
    )

    assert (status, body["status_code"]) == (200, 2001)
    assert emsp.seen == []


@pytest.mark.parametrize("document", [None, 1, "text", [], [{}]])
async def test_json_that_is_no_credentials_object_is_2001(network: Network, document: Any) -> None:
    status, body, _ = await network.client().call(
        "POST", f"/ocpi/{network.version}/credentials", data=json.dumps(document)
    )

    assert (status, body["status_code"]) == (200, 2001)


@pytest.mark.parametrize(
    "header", ["", "Token", "Token ", "Token x", "Bearer x", "Token \xff", "Token " + "x" * 5000, "Token AAAA", "x"]
)
async def test_rubbish_in_the_authorization_header_is_401(network: Network, header: str) -> None:
    status, body, _ = await network.client().call("GET", "/ocpi/versions", headers={"Authorization": header})

    assert (status, body["status_code"]) == (401, 2002)
    assert set(body) == {"status_code", "status_message", "timestamp"}


async def test_the_token_may_come_plain_or_in_base64(network: Network) -> None:
    for form in ("2.1.1", "2.2.1"):
        client = network.client()
        client.version = form
        assert await client.data("/ocpi/versions")


async def test_a_path_of_the_other_version_is_told_3002(network: Network) -> None:
    other = "2.1.1" if network.version == "2.2.1" else "2.2.1"

    status, body, _ = await network.client().call("GET", f"/ocpi/{other}/credentials")

    assert (status, body["status_code"]) == (200, 3002)


async def test_an_answer_carries_the_ids_of_its_request(network: Network) -> None:
    sent = {"X-Request-ID": "8d0e0c1c-request", "X-Correlation-ID": "8d0e0c1c-correlation"}

    _, _, headers = await network.client().call("GET", "/ocpi/versions", headers=sent)

    assert {name: headers[name] for name in sent} == sent


async def test_methods_and_paths_that_do_not_exist_are_told_in_an_envelope(network: Network) -> None:
    peer = await network.peer()

    wrong_method = await peer.call("PATCH", f"/ocpi/{network.version}/locations")
    wrong_path = await peer.call("GET", f"/ocpi/{network.version}/tariffs")

    assert [(status, body["status_code"]) for status, body, _ in (wrong_method, wrong_path)] == [
        (405, 2000),
        (404, 2003),
    ]
    assert wrong_method[2]["Allow"] == "GET"


async def test_what_nobody_expected_is_told_in_an_envelope_with_the_id_of_the_error(
    network: Network, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_args: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("ocpi.envelope.authenticate", fail)

    status, body, _ = await network.client().call("GET", "/ocpi/versions")

    (logged,) = [record.getMessage() for record in caplog.records if record.name == "chargeyard.edge"]
    error_id = logged.removeprefix("unexpected error ")
    assert status == 500
    assert body == {
        "status_code": 3000,
        "status_message": f"Something went wrong on our side (error {error_id}).",
        "timestamp": body["timestamp"],
    }


async def test_a_deleted_networks_tokens_are_dead(tenant: Tenant, version: str) -> None:
    network = await add_network(tenant, version)
    peer = await network.peer()
    async with writing(tenant) as session:
        await session.delete(await session.get_one(Cpo, network.id))

    assert [(await client.call("GET", "/ocpi/versions"))[0] for client in (peer, network.client())] == [401, 401]


async def test_what_the_creation_of_a_network_answers_leads_to_its_locations(tenant: Tenant, version: str) -> None:
    document = """
        mutation ($version: String!) {
          createCpo(input: {
            template: "small-urban-ac", countryCode: "FR", partyId: "ABC", namePrefix: "demo", ocpiVersion: $version
          }) { cpo { id ocpiPeerUrl } tokenA roamHelper { credentialsPayload curlSnippet } job { id } }
        }
    """
    created = (await tenant.data(document, version=version))["createCpo"]
    await until(tenant, f"/ocpi/cpos/{created['cpo']['id']}/status", lambda told: told["status"] == "READY")
    client = OcpiClient(tenant.gateway.http, tenant.gateway.url, version, created["tokenA"])
    command = shlex.split(created["roamHelper"]["curlSnippet"])

    versions = await client.data(created["cpo"]["ocpiPeerUrl"])
    async with tenant.gateway.http.post(
        next(word for word in command if word.startswith("http")),
        headers=dict(word.split(": ", 1) for word in command if ": " in word and "{" not in word),
        data=command[command.index("-d") + 1],
    ) as response:
        registered = await response.json()

    peer = OcpiClient(tenant.gateway.http, tenant.gateway.url, version, registered["data"]["token"])
    locations = await peer.data(f"{versions[0]['url']}/locations")
    assert [len(location["evses"]) for location in locations] == [3, 3]
    assert {evse["connectors"][0]["standard"] for location in locations for evse in location["evses"]} == {
        "IEC_62196_T2"
    }
