"""What every REST answer has beside its body: errors, methods, entity tags, compression, request ids, CORS."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import edge
from edge import Edge
from errors import RateLimited, Unavailable
from tests.support.endless import begun
from tests.support.gateway import Gateway, Tenant, running_gateway

TEMPLATES = "/ocpp/templates/locations"


@asynccontextmanager
async def call(tenant: Tenant, method: str, path: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {**tenant.headers, **options.pop("headers", {})}
    async with tenant.gateway.http.request(method, tenant.gateway.url + path, headers=headers, **options) as response:
        yield response


@pytest.mark.parametrize("path", ["/", "/health", "/graphql", "/ocpi/versions", "/static/style.css", "/nothing"])
async def test_no_answer_tells_what_the_server_is_built_with(tenant: Tenant, path: str) -> None:
    async with call(tenant, "GET", path) as response:
        assert response.headers["Server"] == "Chargeyard"
        assert "X-Powered-By" not in response.headers


@pytest.mark.parametrize("path", ["/ocpp", "/ocpp/nothing", "/ocpi/cpos/1/nothing", "/nothing"])
async def test_an_unknown_path_is_404_in_the_error_body(tenant: Tenant, path: str) -> None:
    assert await tenant.rest("GET", path) == (404, {"detail": "There is nothing at this path."})


async def test_another_method_is_405_with_the_methods_that_are_allowed(tenant: Tenant) -> None:
    async with call(tenant, "PATCH", "/ocpp/locations") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
        assert await response.json() == {"detail": "PATCH is not allowed here."}


async def test_options_tells_the_methods_without_a_token(gateway: Gateway) -> None:
    async with gateway.http.options(f"{gateway.url}/ocpp/locations/x") as response:
        assert response.status == 204
        assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"


async def test_a_body_that_the_client_has_is_304(tenant: Tenant) -> None:
    async with call(tenant, "GET", TEMPLATES) as response:
        tag = response.headers["ETag"]

    async with call(tenant, "GET", TEMPLATES, headers={"If-None-Match": f'"other", {tag}'}) as response:
        assert response.status == 304
        assert response.headers["ETag"] == tag
        assert await response.read() == b""


async def test_a_body_that_has_changed_is_sent_again(tenant: Tenant) -> None:
    whole = await tenant.rest("GET", TEMPLATES)

    assert await tenant.rest("GET", TEMPLATES, headers={"If-None-Match": 'W/"other"'}) == whole


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "gzip"), ("br", None), ("gzip;q=0", None), ("identity", None)],
)
async def test_a_large_body_is_compressed_for_clients_that_take_gzip(
    tenant: Tenant, accepted: str, encoding: str | None
) -> None:
    async with call(tenant, "GET", TEMPLATES, headers={"Accept-Encoding": accepted}) as response:
        assert response.headers.get("Content-Encoding") == encoding
        assert "Accept-Encoding" in response.headers["Vary"]
        assert (200, await response.json()) == await tenant.rest("GET", TEMPLATES)


@pytest.mark.parametrize("name", ["Request-Id", "X-Request-Id"])
@pytest.mark.parametrize("path", ["/health", "/graphql", "/nothing"])
async def test_the_request_id_of_the_client_comes_back(tenant: Tenant, path: str, name: str) -> None:
    async with call(tenant, "GET", path, headers={name: "run-7/step:3"}) as response:
        assert response.headers["Request-Id"] == response.headers["X-Request-Id"] == "run-7/step:3"


@pytest.mark.parametrize("given", [None, "with spaces", "x" * 200, "é"])
async def test_a_request_without_a_plain_id_gets_one(tenant: Tenant, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-Id": given}
    async with call(tenant, "GET", "/ocpp/nothing", headers=headers) as response:
        assert len(response.headers["X-Request-Id"]) == 32


async def test_no_origin_may_call_unless_the_settings_name_it(tenant: Tenant) -> None:
    async with call(tenant, "GET", "/health", headers={"Origin": "https://app.example.com"}) as response:
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_an_origin_of_the_settings_may_call_with_a_token(tmp_path: Path) -> None:
    origin = "https://app.example.com"
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization",
    }
    async with running_gateway(
        f"sqlite:///{tmp_path / 'x.db'}", tmp_path, cors_origins=f"{origin}, https://b"
    ) as gateway:
        async with gateway.http.options(f"{gateway.url}/ocpp/locations/x", headers=asked) as preflight:
            assert preflight.status == 204
            assert preflight.headers["Access-Control-Allow-Origin"] == origin
            assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
            assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
        async with gateway.http.get(f"{gateway.url}/health", headers={"Origin": origin}) as response:
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert "Origin" in response.headers["Vary"]
        async with gateway.http.get(f"{gateway.url}/health", headers={"Origin": "https://c"}) as response:
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_body_over_the_limit_is_413(tenant: Tenant) -> None:
    async with call(tenant, "POST", "/ocpp/locations", data=b" " * (33 * 2**20)) as response:
        assert response.status == 413
        assert await response.json() == {"detail": "The request body is too large."}


async def test_a_body_that_is_not_what_its_encoding_says_is_400(tenant: Tenant) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with call(tenant, "POST", "/ocpp/locations", data=b"plain", headers=headers) as response:
        assert response.status == 400
        assert await response.json() == {"detail": "The request body did not arrive in full or could not be decoded."}


async def test_a_body_that_does_not_come_is_408_and_the_end_of_the_connection(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "BODY_TIMEOUT_S", 0.1)
    async with call(tenant, "POST", "/ocpp/locations", data=begun()) as response:
        assert response.status == 408
        assert response.headers["Connection"] == "close"
        assert await response.json() == {"detail": "The request body did not arrive in time."}


@pytest.mark.parametrize(
    ("error", "status"),
    [(RateLimited("Too fast.", retry_after_s=7), 429), (Unavailable("Down.", retry_after_s=9), 503)],
)
async def test_what_may_be_tried_again_says_when(
    gateway: Gateway, error: RateLimited | Unavailable, status: int
) -> None:
    async with _raising(gateway, error) as response:
        assert response.status == status
        assert response.headers["Retry-After"] == str(error.retry_after_s)
        assert await response.json() == {"detail": str(error)}


async def test_what_nobody_expected_is_500_with_an_id_that_the_log_knows(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="chargeyard.edge"):
        async with _raising(gateway, ZeroDivisionError("the secret text")) as response:
            body = await response.json()

    assert response.status == 500
    assert body == {"detail": "Something went wrong on our side.", "error_id": body["error_id"]}
    (record,) = [record for record in caplog.records if record.name == "chargeyard.edge"]
    assert body["error_id"] in record.getMessage()
    assert record.exc_info is not None


@asynccontextmanager
async def _raising(gateway: Gateway, error: Exception) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer of an application with our middleware whose only route raises this."""

    async def handler(_request: web.Request) -> web.Response:
        raise error

    app = web.Application(middlewares=[Edge(gateway.services.settings).answer])
    app.router.add_get("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{runner.addresses[0][1]}/") as response:
            yield response
    finally:
        await runner.cleanup()
