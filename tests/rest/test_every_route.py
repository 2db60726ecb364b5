"""What holds for every route of the table, whatever it does."""

from __future__ import annotations

import asyncio
import re

import pytest
from yarl import URL

from rest.requests import PageQuery
from rest.route import Route
from rest.routes import ROUTES
from tests.support.factories import add_charger, add_location
from tests.support.gateway import Gateway, Tenant
from tests.support.one_database import ONE_DATABASE
from tests.support.published_client import operations

PAGED = [route for route in ROUTES if route.query_model is not None and issubclass(route.query_model, PageQuery)]
WITH_BODY = [route for route in ROUTES if route.body is not None]


def each(routes: list[Route]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", routes, ids=[route.operation for route in routes])


def filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda match: ids.get(match[1], "1"), path)


def test_the_table_has_the_published_operations_and_no_others() -> None:
    published = {operation.name for operation in operations()}

    assert {route.operation for route in ROUTES} - {"health.check"} == published - {
        "health.health_check",
        "health.landing_page",
    }


@ONE_DATABASE
@each(PAGED)
@pytest.mark.parametrize("query", ["page=0", "limit=101", f"page={'9' * 30}", "page=x", "limit=%00"])
async def test_a_page_out_of_bounds_is_422(gateway: Gateway, route: Route, query: str) -> None:
    tenant = gateway.tenant()

    status, body = await tenant.rest("GET", f"{filled(route.path, {})}?{query}")

    assert status == 422
    assert body["detail"][0]["loc"] == ["query", query.partition("=")[0]]


@ONE_DATABASE
@each(WITH_BODY)
@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": Infinity}',
        b'"text"',
        b"5",
        b"[" * 50_000,
        b'{"a":' * 50_000,
    ],
    ids=["cut", "not UTF-8", "half a surrogate pair", "infinite", "text", "number", "deep list", "deep object"],
)
async def test_a_body_that_is_not_the_wanted_json_is_422(tenant: Tenant, route: Route, data: bytes) -> None:
    status, body = await tenant.rest(
        route.method, filled(route.path, {}), data=data, headers={"Content-Type": "application/json"}
    )

    assert status == 422
    assert [detail["loc"] for detail in body["detail"]] == [["body"]]
    assert len(str(body)) < 1_000


@ONE_DATABASE
@each(WITH_BODY)
async def test_a_body_of_another_type_is_422(tenant: Tenant, route: Route) -> None:
    status, body = await tenant.rest(
        route.method, filled(route.path, {}), data=b"a=b", headers={"Content-Type": "text/plain"}
    )

    assert status == 422
    assert [(detail["loc"], detail["type"]) for detail in body["detail"]] == [(["body"], "content_type")]


@ONE_DATABASE
@each([route for route in WITH_BODY if route.needs_body])
async def test_a_body_that_is_missing_is_422(tenant: Tenant, route: Route) -> None:
    status, body = await tenant.rest(route.method, filled(route.path, {}))

    assert status == 422
    assert [(detail["loc"], detail["type"]) for detail in body["detail"]] == [(["body"], "missing")]


@each([route for route in ROUTES if route.method == "GET"])
async def test_head_is_get_without_the_body(gateway: Gateway, tenant: Tenant, route: Route) -> None:
    site = await add_location(tenant)
    charger = await add_charger(tenant, location_id=site.id)
    ids = {
        "brand_slug": "wallbox",
        "model_slug": "wallbox-pulsar-plus",
        "location_id": site.id,
        "charger_id": charger.id,
    }
    url = gateway.url + filled(route.path, ids)

    async with (
        gateway.http.get(url, headers=tenant.headers) as got,
        gateway.http.head(url, headers=tenant.headers) as head,
    ):
        assert head.status == got.status
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert head.headers.get("ETag") == got.headers.get("ETag")
    assert await body_of_head(URL(url), tenant) == b""


async def body_of_head(url: URL, tenant: Tenant) -> bytes:
    """The bytes between the head of an answer to HEAD and the answer to the next request; clients pass them over."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": url.authority, **tenant.headers}.items())
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"HEAD {url.raw_path} HTTP/1.1\r\n{fields}\r\n".encode())
    writer.write(f"GET /nowhere HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
    _, _, after = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    body, answer, _ = after.partition(b"HTTP/1.1 404 ")
    assert answer
    return body
