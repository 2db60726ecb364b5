"""Gets and lists that the database answers by itself say what the handlers say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from errors import NotFound, Unavailable
from resolvers.auth import Principal
from resolvers.context import Context
from rest.reads import body_of
from rest.responses import json_of
from rest.route import Route
from rest.routes import ROUTES
from storage.session import ALL_TENANTS
from tests.support.gateway import Gateway, Tenant
from tests.support.one_database import POSTGRESQL
from tests.support.yard import Yard, build_yard

COMPILED = [route for route in ROUTES if route.read is not None]
PAGES = [(1, 100), (1, 2), (2, 2), (3, 1), (9, 100)]
each = pytest.mark.parametrize("route", COMPILED, ids=[route.operation for route in COMPILED])


@pytest.fixture(scope="module")
async def yard(gateway: Gateway) -> Yard:
    return await build_yard(gateway.tenant(), gateway.tenant())


def test_sites_chargers_and_the_sites_of_networks_are_compiled() -> None:
    assert {route.operation for route in COMPILED} == {
        "locations.list", "locations.get", "chargers.list", "chargers.get", "location_chargers.list",
        "ocpi_locations.list", "ocpi_locations.get",
    }  # fmt: skip


@each
async def test_a_compiled_read_answers_as_the_handler(yard: Yard, route: Route) -> None:
    compiled = 0
    for arguments in _requests(yard, route):
        body = await _compiled(yard.tenant, route, arguments)
        expected = await _handled(yard.tenant, route, arguments)
        if body is None:
            assert expected is None or expected["total"] == 0
        else:
            compiled += 1
            assert orjson.loads(body) == expected

    assert compiled > 1


@each
async def test_a_compiled_read_shows_nothing_of_another_tenant(yard: Yard, stranger: Tenant, route: Route) -> None:
    requests = list(_requests(yard, route))

    assert [await _compiled(stranger, route, arguments) for arguments in requests] == [None] * len(requests)


@each
@pytest.mark.parametrize("id", ["a\0b", "\ud800", "", "9" * 200, "dep-é"])
async def test_an_id_that_no_row_can_have_has_no_row(tenant: Tenant, route: Route, id: str) -> None:
    assert route.read is not None
    ids = dict.fromkeys(route.read.columns, id)

    assert await _compiled(tenant, route, ids | _page(route, 1, 10)) is None


@POSTGRESQL  # on SQLite nobody keeps a reader waiting
async def test_a_read_that_takes_too_long_is_unavailable(tenant: Tenant) -> None:
    (route,) = (route for route in COMPILED if route.operation == "locations.list")
    services = tenant.gateway.services
    hasty = replace(services, settings=services.settings.model_copy(update={"operation_timeout_s": 0.1}))
    assert route.read is not None

    async with services.database.read(ALL_TENANTS) as session:
        await (await session.connection()).execute(text("LOCK TABLE locations"))
        with pytest.raises(Unavailable):
            await body_of(replace(_context(tenant), services=hasty), route.read, _page(route, 1, 10))


def _requests(yard: Yard, route: Route) -> Iterator[dict[str, Any]]:
    """Arguments for what there is, and for parents that have nothing of what is asked for."""
    sites = "ocpiLocation" if route.path.startswith("/ocpi") else "location"
    ids = {"cpo_id": yard.ids["cpo"], "location_id": yard.ids[sites], "charger_id": yard.ids["charger"]}
    names = re.findall(r"{(\w+)}", route.path)
    for values, (page, limit) in product(product(*(ids[name] for name in names)), PAGES):
        yield dict(zip(names, values, strict=True)) | _page(route, page, limit)
    if route.operation == "chargers.list":
        for id in yard.ids["location"]:
            yield _page(route, 1, 2, location_id=id)


def _page(route: Route, page: int, limit: int, **others: Any) -> dict[str, Any]:
    model = route.query_model
    return {"query": model(page=page, limit=limit, **others)} if model else {}


async def _compiled(tenant: Tenant, route: Route, arguments: dict[str, Any]) -> bytes | None:
    assert route.read is not None
    return await body_of(_context(tenant), route.read, arguments)


async def _handled(tenant: Tenant, route: Route, arguments: dict[str, Any]) -> Any:
    try:
        result = await route.handler(_context(tenant), **arguments)
    except NotFound:
        return None
    return orjson.loads(json_of(result))


def _context(tenant: Tenant) -> Context:
    principal = Principal("tester", tenant.role, tenant.organization_id, datetime.now(UTC))
    return Context(tenant.gateway.services, principal)
