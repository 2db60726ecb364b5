"""How an answer travels: the same fields and body, whichever kind of HTTP its client speaks."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path

import orjson
import pytest
from yarl import URL

from answers import line
from tests.support.endpoint import Endpoint, running_endpoint, sent

QUERY = orjson.dumps({"query": "{ __typename }"})
ANSWER = b'{"data":{"__typename":"Query"}}'
LONG_QUERY = orjson.dumps({"query": "{ __schema { types { name } } }"})
HEAD = """HTTP/1.1 200 OK
Content-Type: application/json; charset=utf-8
Vary: Accept
Request-Id: mine
X-Request-Id: mine
Content-Length: 31
Date: <date>
Server: Chargeyard
"""
DATE = re.compile(r"(?<=Date: )\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")


async def test_an_answer_is_written_with_the_usual_fields(endpoint: Endpoint) -> None:
    head, body = await exchange(endpoint, post(QUERY))

    assert DATE.sub("<date>", head) == HEAD
    assert body == ANSWER


async def test_requests_that_come_at_once_are_answered_in_their_order(endpoint: Endpoint) -> None:
    answer = await sent(endpoint, post(QUERY) + post(b"{}") + post(QUERY, "Connection: close"))

    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"400", b"200"]


@pytest.mark.parametrize(
    ("version", "field", "first", "connection"),
    [
        ("1.1", "Connection: close", "HTTP/1.1 200 OK", "close"),
        ("1.0", "Accept: */*", "HTTP/1.0 200 OK", None),
        ("1.0", "Connection: keep-alive", "HTTP/1.0 200 OK", "keep-alive"),
    ],
)
async def test_other_connections_get_the_same_answer(
    endpoint: Endpoint, version: str, field: str, first: str, connection: str | None
) -> None:
    head, body = await exchange(endpoint, post(QUERY, field, version=version))

    wanted = fields(HEAD) | ({"Connection": connection} if connection else {})
    assert head.splitlines()[0] == first
    assert fields(DATE.sub("<date>", head)) == wanted
    assert body == ANSWER


async def test_the_fields_of_a_compressed_answer_are_those_of_a_plain_one(endpoint: Endpoint) -> None:
    plain, body = await exchange(endpoint, post(LONG_QUERY))
    packed, packed_body = await exchange(endpoint, post(LONG_QUERY, "Accept-Encoding: gzip"))

    assert gzip.decompress(packed_body) == body
    wanted = fields(plain) | {"Content-Encoding": "gzip", "Content-Length": str(len(packed_body))}
    assert {**fields(packed), "Date": ""} == {**wanted, "Date": ""}
    assert re.findall("Vary: (.*)", plain) == re.findall("Vary: (.*)", packed) == ["Accept", "Accept-Encoding"]


async def test_an_origin_of_the_settings_is_told_so_in_each_answer(tmp_path: Path) -> None:
    async with running_endpoint(tmp_path, cors_origins="https://app.example") as endpoint:
        head, body = await exchange(endpoint, post(QUERY, "Origin: https://app.example"))

    assert fields(head)["Access-Control-Allow-Origin"] == "https://app.example"
    assert re.findall("Vary: (.*)", head) == ["Accept", "Origin"]
    assert body == ANSWER


async def test_a_client_that_asks_whether_it_may_go_on_is_told_so(endpoint: Endpoint) -> None:
    answer = await sent(endpoint, post(QUERY, "Expect: 100-continue\r\nConnection: close"))

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answer.endswith(ANSWER)


async def test_a_post_upgrades_nothing(endpoint: Endpoint) -> None:
    head, body = await exchange(endpoint, post(QUERY, "Connection: upgrade\r\nUpgrade: websocket"))

    assert head.splitlines()[0] == "HTTP/1.1 200 OK"
    assert body == ANSWER


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\rb"])
def test_a_value_can_not_begin_another_field(value: str) -> None:
    with pytest.raises(ValueError, match="line breaks"):
        line("X-Name", value)


def post(body: bytes, field: str = "Accept: */*", *, version: str = "1.1") -> bytes:
    head = [f"POST /graphql HTTP/{version}", "Host: x", "Content-Type: application/json", "Request-Id: mine", field]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def exchange(endpoint: Endpoint, request: bytes) -> tuple[str, bytes]:
    """The head and the body of the answer to one request."""
    reader, writer = await asyncio.open_connection(URL(endpoint.url).host, URL(endpoint.url).port)
    writer.write(request)
    async with asyncio.timeout(15):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().replace("\r\n", "\n").removesuffix("\n")
        body = await reader.readexactly(int(fields(head)["Content-Length"]))
    writer.close()
    return head, body


def fields(head: str) -> dict[str, str]:
    return dict(each.split(": ", 1) for each in head.splitlines()[1:])
