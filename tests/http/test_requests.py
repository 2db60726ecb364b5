"""Whatever is sent to the endpoint, the answer is a GraphQL document with the right status."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

import edge
from errors import NotFound
from resolvers import locations
from tests.support.endless import begun
from tests.support.endpoint import Endpoint, bearer

TYPENAME = "{ __typename }"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"1",
        b"null",
        b"true",
        b'"{ __typename }"',
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"query": "\xff"}',
        b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
        b"[" * 100_000,
        b'{"variables":' + b'{"a":' * 100_000,
        b'{"query": NaN}',
        b"{}",
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": ["{ __typename }"]}',
        b'{"qeury": "{ __typename }"}',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "operationName": {}}',
        b'{"query": "{ __typename }", "extensions": false}',
        b'{"query": "{ __typename }", "documentId": 1}',
        b"[" + b",".join([b'{"query": "{ __typename }"}'] * 11) + b"]",
    ],
    ids=lambda body: body[:40].decode(errors="replace"),
)
async def test_a_body_that_is_no_request_is_refused_with_400(endpoint: Endpoint, body: bytes) -> None:
    reply = await endpoint.send("POST", body)

    assert reply.status == 400
    assert reply.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/jsonfoo",
        "application/json+x",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
    ],
)
async def test_another_content_type_is_refused_with_415(endpoint: Endpoint, content_type: str) -> None:
    reply = await endpoint.send("POST", b'{"query": "{ __typename }"}', Content_Type=content_type)

    assert reply.status == 415
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_a_body_without_a_content_type_is_refused_with_415(endpoint: Endpoint) -> None:
    headers = {"Authorization": "Bearer x"}
    async with endpoint.http.post(
        endpoint.url, data=b'{"query": "{ __typename }"}', headers=headers, skip_auto_headers=["Content-Type"]
    ) as response:
        assert response.status == 415


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "Application/JSON;charset=utf8"])
async def test_json_in_utf_8_may_be_spelled_in_any_way(endpoint: Endpoint, content_type: str) -> None:
    reply = await endpoint.send("POST", {"query": TYPENAME}, Content_Type=content_type)

    assert reply.json == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
async def test_another_method_is_refused_with_the_ones_that_work(endpoint: Endpoint, method: str) -> None:
    reply = await endpoint.send(method)

    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, HEAD, POST"
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_options_tells_the_methods(endpoint: Endpoint) -> None:
    reply = await endpoint.send("OPTIONS")

    assert reply.status == 204
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


async def test_a_mutation_by_get_is_refused(endpoint: Endpoint) -> None:
    reply = await endpoint.send("GET", query=f"?query={quote('mutation { __typename }')}")

    assert reply.status == 405
    assert reply.headers["Allow"] == "POST"
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_a_query_by_get_takes_its_variables_as_json(endpoint: Endpoint) -> None:
    document = quote("query A($yes: Boolean!) { __typename @include(if: $yes) } query B { __typename }")
    variables = quote('{"yes": true}')

    reply = await endpoint.send("GET", query=f"?query={document}&operationName=A&variables={variables}")

    assert reply.json == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("parameters", ["variables=%7B", "variables=1", "extensions=x", "variables=%FF"])
async def test_a_query_string_that_is_no_request_is_refused(endpoint: Endpoint, parameters: str) -> None:
    reply = await endpoint.send("GET", query=f"?query={quote(TYPENAME)}&{parameters}")

    assert reply.status == 400
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_head_answers_as_get_without_a_body(endpoint: Endpoint) -> None:
    reply = await endpoint.send("HEAD", query=f"?query={quote(TYPENAME)}")

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.body == b""


async def test_a_body_that_is_too_large_is_refused_with_413(endpoint: Endpoint) -> None:
    reply = await endpoint.send("POST", {"query": TYPENAME + " " * 2**20})

    assert reply.status == 413
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_a_body_that_does_not_come_is_refused_with_408(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "BODY_TIMEOUT_S", 0.1)
    async with endpoint.http.post(endpoint.url, data=begun(), headers={"Content-Type": "application/json"}) as response:
        assert response.status == 408
        assert response.headers["Connection"] == "close"
        (error,) = (await response.json())["errors"]

    told = "The request body did not arrive in time."
    assert error == {"message": told, "extensions": {"code": "BAD_USER_INPUT"}}


async def test_a_compressed_body_counts_as_what_it_holds(endpoint: Endpoint) -> None:
    small, bomb = (gzip.compress(b'{"query": "{ __typename }"' + b" " * size + b"}", mtime=0) for size in (10, 2**26))

    assert (await endpoint.send("POST", small, Content_Encoding="gzip")).status == 200
    assert (await endpoint.send("POST", bomb, Content_Encoding="gzip")).status == 413


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(b'{"query": "{ __typename }"}', mtime=0)[:-12]])
async def test_a_body_that_does_not_decompress_is_refused(endpoint: Endpoint, body: bytes) -> None:
    reply = await endpoint.send("POST", body, Content_Encoding="gzip")

    assert reply.status == 400
    assert reply.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "\0"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ " * 5_000}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ viewer { } }"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "type Query { a: Int }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "fragment F on Query { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": TYPENAME, "operationName": "Other"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { __typename } query B { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($a: Int!) { __typename }", "variables": {"a": "x"}}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($a: ID!) { node(id: $a) { id } }"}, "BAD_USER_INPUT"),
    ],
)
async def test_a_document_that_can_not_run_is_400_or_200_by_media_type(
    endpoint: Endpoint, request_: dict[str, Any], code: str
) -> None:
    modern = await endpoint.send("POST", request_, Accept="application/graphql-response+json")
    legacy = await endpoint.send("POST", request_, Accept="application/json")

    assert (modern.status, legacy.status) == (400, 200)
    assert modern.json == legacy.json
    assert set(modern.codes) == {code}
    assert "data" not in modern.json


async def test_a_field_error_leaves_the_status_at_200(endpoint: Endpoint) -> None:
    reply = await endpoint.send("POST", {"query": "{ viewer { subject } }"}, Accept="application/graphql-response+json")

    assert reply.status == 200
    assert reply.json["data"] is None
    assert reply.codes == ["UNAUTHENTICATED"]


async def test_a_batch_is_answered_in_order_and_item_by_item(endpoint: Endpoint) -> None:
    batch = [
        {"query": TYPENAME},
        1,
        {"query": "{"},
        {"query": TYPENAME, "variables": [1]},
        {"query": "{ a: __typename }"},
    ]

    reply = await endpoint.send("POST", batch)

    assert reply.status == 200
    assert "Accept" in reply.headers["Vary"]
    assert [item.get("data") for item in reply.json] == [{"__typename": "Query"}, None, None, None, {"a": "Query"}]
    assert [item["errors"][0]["extensions"]["code"] for item in reply.json[1:4]] == [
        "BAD_USER_INPUT",
        "GRAPHQL_PARSE_FAILED",
        "BAD_USER_INPUT",
    ]


async def test_a_subscription_in_a_batch_fails_alone(endpoint: Endpoint) -> None:
    subscription = 'subscription { jobProgress(jobId: "x") { sequence } }'

    reply = await endpoint.send("POST", [{"query": subscription}, {"query": TYPENAME}])

    assert [("errors" in item, "data" in item) for item in reply.json] == [(True, False), (False, True)]


async def test_an_unexpected_failure_before_execution_is_masked_too(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("schema.serving.operations.Operations.prepare", fail)

    reply = await endpoint.send("POST", {"query": TYPENAME})

    assert reply.status == 500
    assert reply.codes == ["INTERNAL_SERVER_ERROR"]
    assert reply.json["errors"][0]["extensions"]["errorId"]
    assert b"hunter2" not in reply.body


async def test_a_page_of_another_origin_reads_nothing(endpoint: Endpoint) -> None:
    reply = await endpoint.send("POST", {"query": TYPENAME}, Origin="https://evil.example")

    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_a_large_answer_is_compressed_for_who_takes_it(endpoint: Endpoint) -> None:
    reply = await endpoint.send(
        "POST", {"query": "{ __schema { types { name description } } }"}, Accept_Encoding="gzip"
    )

    assert reply.headers["Content-Encoding"] == "gzip"
    assert {name.strip() for value in reply.headers.getall("Vary") for name in value.split(",")} == {
        "Accept",
        "Accept-Encoding",
    }
    assert reply.json["data"]["__schema"]


async def test_the_items_of_a_batch_do_not_share_what_they_loaded(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    async def create(context: Any, _input: object) -> None:
        seen.append(context.loaders)
        raise NotFound("no matter")

    monkeypatch.setattr(locations, "create_location", create)
    place = 'name: "n", address: "a", city: "c", country: "FR", coordinates: {latitude: 0, longitude: 0}'
    mutation = {"query": f"mutation {{ createLocation(input: {{{place}}}) {{ location {{ id }} }} }}"}

    await endpoint.send("POST", [mutation, mutation], **bearer(endpoint.token()))

    assert len(seen) == 2
    assert seen[0] is not seen[1]


@pytest.mark.parametrize(
    "sent",
    [
        b"no HTTP\r\n\r\n",
        b"GET /graphql HTTP/9.9\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n",
    ],
    ids=lambda sent: sent[:40].decode(errors="replace"),
)
async def test_bytes_that_are_no_http_are_refused(endpoint: Endpoint, sent: bytes) -> None:
    url = URL(endpoint.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)

    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 15)
    writer.close()

    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"\r\nServer: Chargeyard\r\n" in answer
