"""The representation is the one that the client likes best."""

from __future__ import annotations

import pytest

from tests.support.endpoint import Endpoint

JSON = "application/json; charset=utf-8"
GRAPHQL = "application/graphql-response+json; charset=utf-8"
EVENTS = "text/event-stream; charset=utf-8"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", GRAPHQL),
        ("application/graphql-response+json;q=0.5, application/json", JSON),
        ("application/json;q=0, */*", GRAPHQL),
        ("*/*", JSON),
        ("application/*", JSON),
        ("APPLICATION/JSON", JSON),
        ("text/html, application/json;q=0.1", JSON),
        (BROWSER, JSON),
        (URQL, GRAPHQL),
        ("text/event-stream", EVENTS),
        ("text/event-stream, application/json;q=0", EVENTS),
        ("multipart/mixed", PARTS),
        ("application/json;q=nonsense, multipart/mixed", PARTS),
    ],
)
async def test_a_query_is_answered_in_the_type_that_is_liked_best(
    endpoint: Endpoint, accept: str, content_type: str
) -> None:
    reply = await endpoint.send("POST", {"query": "{ __typename }"}, Accept=accept)

    assert reply.status == 200
    assert reply.headers["Content-Type"] == content_type
    assert "Accept" in reply.headers["Vary"]


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "application/json;q=0", "nonsense", ","])
async def test_who_takes_nothing_that_there_is_gets_406(endpoint: Endpoint, accept: str) -> None:
    reply = await endpoint.send("POST", {"query": "{ __typename }"}, Accept=accept)

    assert reply.status == 406
    assert reply.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", EVENTS),
        (URQL, EVENTS),
        ('multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json', PARTS),
    ],
)
async def test_a_subscription_is_streamed(endpoint: Endpoint, accept: str, content_type: str) -> None:
    document = 'subscription { jobProgress(jobId: "x") { sequence } }'

    reply = await endpoint.send("POST", {"query": document}, Accept=accept)

    assert reply.headers["Content-Type"] == content_type


async def test_a_subscription_as_plain_json_is_refused(endpoint: Endpoint) -> None:
    document = 'subscription { jobProgress(jobId: "x") { sequence } }'

    reply = await endpoint.send("POST", {"query": document}, Accept="application/json")

    assert reply.status == 406
    assert "WebSocket" in reply.json["errors"][0]["message"]


async def test_a_browser_is_led_to_graphiql_and_curl_is_not(endpoint: Endpoint) -> None:
    browser = await endpoint.send("GET", Accept=BROWSER)
    curl = await endpoint.send("GET", Accept="*/*")

    assert (browser.status, browser.headers["Location"], browser.headers["Vary"]) == (302, "graphiql", "Accept")
    assert curl.status == 400
    assert curl.codes == ["BAD_USER_INPUT"]
