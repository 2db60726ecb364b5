"""What the settings change in how the schema is served."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from resolvers import locations
from settings import SettingsError
from tests.support.endless import CREATE_LOCATION, Endless
from tests.support.endpoint import Endpoint, bearer, running_endpoint
from tests.support.socket import talking

TYPENAME = "{ __typename }"
LOCATION = '{ location(id: "019a0000-0000-7000-8000-000000000000") { id } }'


def persisted(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}


async def test_the_draft_profile_tells_more_by_the_status(tmp_path: Path) -> None:
    headers = {"Accept": "application/graphql-response+json"}
    partial = '{ __typename node(id: "x") { id } viewer { subject } }'
    async with running_endpoint(tmp_path, http_profile="draft") as endpoint:
        bodies: list[Any] = [
            b"{",
            {"qeury": TYPENAME},
            {"query": "{"},
            {"query": "{ nothing }"},
            {"query": partial},
            {"query": TYPENAME},
        ]
        replies = [await endpoint.send("POST", body, **headers) for body in bodies]
        legacy = await endpoint.send("POST", {"query": "{"}, Accept="application/json")

    assert [reply.status for reply in replies] == [400, 422, 422, 422, 294, 200]
    assert legacy.status == 200


async def test_introspection_can_be_switched_off(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, introspection=False) as endpoint:
        refused = [
            await endpoint.ask(text) for text in ("{ __schema { __typename } }", '{ __type(name: "A") { __typename } }')
        ]
        allowed = await endpoint.ask(TYPENAME)

    assert [reply.codes for reply in refused] == [["GRAPHQL_VALIDATION_FAILED"]] * 2
    assert allowed.json["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("document", ["{", "{ nothing }", "{ viewer }", "{ viewer { role } }", "{ __typename }", ""])
async def test_a_stranger_learns_nothing_of_a_schema_that_is_kept(tmp_path: Path, document: str) -> None:
    async with running_endpoint(tmp_path, introspection=False) as endpoint:
        reply = await endpoint.send("POST", {"query": document}, Accept="application/graphql-response+json")

    assert reply.status == 401
    assert reply.json == {
        "errors": [{"message": "A bearer token is required.", "extensions": {"code": "UNAUTHENTICATED"}}]
    }


async def test_names_are_suggested_only_on_demand(tmp_path: Path, endpoint: Endpoint) -> None:
    documents = ["{ locatoin { id } }", "{ locations(frist: 1) { totalCount } }", "{ locations { totalCuont } }"]
    secretive = [(await endpoint.ask(text)).body for text in documents]
    async with running_endpoint(tmp_path, suggestions=True) as helpful:
        suggestive = [(await helpful.ask(text)).body for text in documents]

    assert [b"Did you mean" in body for body in secretive] == [False] * 3
    assert [b"Did you mean" in body for body in suggestive] == [True] * 3


async def test_variables_get_no_suggestions_either(endpoint: Endpoint) -> None:
    document = "query ($w: LocationFilter, $o: [LocationOrder!]) { locations(where: $w, orderBy: $o) { totalCount } }"

    for variables in ({"w": {"ctiy": {"eq": "x"}}}, {"o": [{"field": "CREATED_TA", "direction": "ASC"}]}):
        reply = await endpoint.ask(document, variables=variables)

        assert reply.codes == ["BAD_USER_INPUT"]
        assert b"Did you mean" not in reply.body


async def test_a_document_is_sent_once_and_named_by_its_hash_then(endpoint: Endpoint) -> None:
    token = endpoint.token()
    headers = bearer(token)
    unknown = await endpoint.send("POST", {"extensions": persisted(TYPENAME)}, **headers)
    sent = await endpoint.send("POST", {"query": TYPENAME, "extensions": persisted(TYPENAME)}, **headers)
    named = await endpoint.send("POST", {"extensions": persisted(TYPENAME)}, **headers)
    by_get = await endpoint.send("GET", query=f"?extensions={json.dumps(persisted(TYPENAME))}", **headers)

    assert unknown.status == 200
    assert unknown.json["errors"] == [
        {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
    ]
    assert [reply.json["data"] for reply in (sent, named, by_get)] == [{"__typename": "Query"}] * 3


async def test_a_tenant_does_not_see_what_another_registered(endpoint: Endpoint) -> None:
    await endpoint.ask(TYPENAME, extensions=persisted(TYPENAME))

    reply = await endpoint.send("POST", {"extensions": persisted(TYPENAME)}, **bearer(endpoint.token()))

    assert reply.codes == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize(
    "entry", [{"version": 1, "sha256Hash": "0" * 64}, {"version": 2, "sha256Hash": "x"}, {"version": 1}, "x", []]
)
async def test_a_wrong_hash_is_bad_input(endpoint: Endpoint, entry: Any) -> None:
    reply = await endpoint.ask(TYPENAME, extensions={"persistedQuery": entry})

    assert reply.codes == ["BAD_USER_INPUT"]


async def test_registered_documents_make_room_for_new_ones(endpoint: Endpoint) -> None:
    token = endpoint.token()
    texts = [f"{{ __typename }} # {number} {'x' * 60_000}" for number in range(6)]
    for text in texts:
        assert "data" in (await endpoint.ask(text, token=token, extensions=persisted(text))).json

    first, last = [
        await endpoint.send("POST", {"extensions": persisted(text)}, **bearer(token)) for text in (texts[0], texts[-1])
    ]

    assert first.codes == ["PERSISTED_QUERY_NOT_FOUND"]
    assert last.json["data"] == {"__typename": "Query"}


async def test_only_trusted_documents_run_where_a_manifest_is_given(tmp_path: Path) -> None:
    manifest = tmp_path / "documents.json"
    digest = sha256(TYPENAME.encode()).hexdigest()
    manifest.write_text(json.dumps({digest: TYPENAME, "whoami": "{ viewer { role } }"}))
    async with running_endpoint(tmp_path, trusted_documents=manifest) as endpoint:
        token = endpoint.token()
        trusted = [
            await endpoint.ask(TYPENAME, token=token),
            await endpoint.send("POST", {"documentId": digest}, **bearer(token)),
            await endpoint.send("POST", {"documentId": f"sha256:{digest}"}, **bearer(token)),
            await endpoint.send("GET", query="?documentId=whoami", **bearer(token)),
            await endpoint.send("POST", {"extensions": persisted(TYPENAME)}, **bearer(token)),
        ]
        refused = [
            await endpoint.ask("{ a: __typename }", token=token),
            await endpoint.ask("{ a: __typename }", token=token, extensions=persisted("{ a: __typename }")),
            await endpoint.send("POST", {"documentId": "unknown"}, Accept="application/graphql-response+json"),
        ]
        async with talking(endpoint, token) as socket:
            await socket.subscribe("1", "{ a: __typename }")
            over_websocket = await socket.receive()

    assert ["data" in reply.json for reply in trusted] == [True] * 5
    assert [(reply.status, reply.codes) for reply in refused] == [(403, ["FORBIDDEN"])] * 3
    assert over_websocket["payload"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', None])
async def test_a_manifest_that_can_not_be_used_keeps_the_server_from_starting(tmp_path: Path, text: str | None) -> None:
    manifest = tmp_path / "documents.json"
    if text is not None:
        manifest.write_text(text)

    with pytest.raises(SettingsError, match="CHARGEYARD_TRUSTED_DOCUMENTS"):
        async with running_endpoint(tmp_path, trusted_documents=manifest):
            pass


async def test_a_budget_is_told_and_kept(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, cost_per_minute=100) as endpoint:
        token = endpoint.token()
        page = "{ locations(first: 88) { totalCount nodes { id } } }"
        first = await endpoint.ask(page, token=token)
        second = await endpoint.ask(page, token=token)
        other = await endpoint.ask(page)
        async with talking(endpoint, token) as socket:
            await socket.subscribe("1", page)
            over_websocket = await socket.receive()

    assert first.headers["RateLimit-Limit"] == "100, 100;w=60"
    assert first.headers["RateLimit-Remaining"] == "10"
    assert first.headers["RateLimit-Reset"] == "54"
    assert first.json["extensions"]["cost"] == {"requested": 90, "limit": 100, "remaining": 10, "resetAfter": 54}
    assert (second.status, second.codes) == (429, ["RATE_LIMITED"])
    assert 1 <= int(second.headers["Retry-After"]) <= 48
    assert int(second.headers["RateLimit-Remaining"]) < 90
    assert other.status == 200
    assert over_websocket["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_every_answer_to_a_token_tells_its_cost(endpoint: Endpoint) -> None:
    document = "{ locations(first: 10) { nodes { chargers(first: 4) { nodes { id } } } } }"
    limit = 1_000_000_000

    reply = await endpoint.ask(document)
    stranger = await endpoint.send("POST", {"query": TYPENAME})

    expected = {"requested": 1 + 1 + 10 * (1 + 1 + 4), "limit": limit, "remaining": limit - 62, "resetAfter": 1}
    assert reply.json["extensions"] == {"cost": expected}
    assert reply.headers["RateLimit-Limit"] == f"{limit}, {limit};w=60"
    assert stranger.json == {"data": {"__typename": "Query"}}
    assert "RateLimit-Limit" not in stranger.headers


async def test_a_batch_pays_for_each_of_its_requests(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, cost_per_minute=100) as endpoint:
        request = {"query": "{ locations(first: 43) { nodes { id } } }"}
        reply = await endpoint.send("POST", [request] * 3, **bearer(endpoint.token()))

    assert reply.status == 200
    assert int(reply.headers["RateLimit-Remaining"]) < 45
    assert [item.get("errors", [{}])[0].get("extensions", {}).get("code") for item in reply.json] == [
        None,
        None,
        "RATE_LIMITED",
    ]


async def test_what_costs_more_than_the_whole_budget_is_never_tried_again(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, cost_per_minute=50) as endpoint:
        reply = await endpoint.ask("{ locations(first: 100) { nodes { id } } }")

    assert (reply.status, reply.codes) == (400, ["QUERY_TOO_COMPLEX"])
    assert "Retry-After" not in reply.headers


async def test_a_budget_may_be_left_out(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, cost_per_minute=0) as endpoint:
        reply = await endpoint.ask(TYPENAME)

    assert reply.json == {"data": {"__typename": "Query"}}
    assert "RateLimit-Limit" not in reply.headers


async def test_an_operation_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless()
    monkeypatch.setattr(locations, "create_location", endless.work)
    async with running_endpoint(tmp_path, operation_timeout_s=0.05) as endpoint:
        reply = await endpoint.ask(CREATE_LOCATION)

    assert endless.ended.is_set()
    assert reply.status == 504
    assert reply.codes == ["TIMEOUT"]
    assert "data" not in reply.json


async def test_an_operation_whose_client_goes_away_is_stopped(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Endless()
    monkeypatch.setattr(locations, "create_location", endless.work)
    asking = asyncio.create_task(endpoint.ask(CREATE_LOCATION))
    await asyncio.wait_for(endless.begun.wait(), 15)
    asking.cancel()

    await asyncio.wait_for(endless.ended.wait(), 15)
