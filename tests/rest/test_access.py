"""Who may call what: every route of the table with every kind of token (contract §1.1)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from resolvers.auth import Role, make_token
from rest.route import Access, Route
from rest.routes import ROUTES
from tests.support.gateway import SECRET, Gateway
from tests.support.one_database import ONE_DATABASE

CALLS = [(route, path) for route in ROUTES for path in route.paths]
PROTECTED = [call for call in CALLS if call[0].access is not Access.PUBLIC]
SCOPED = [call for call in CALLS if call[0].access is Access.TENANT]
SHARED = [call for call in CALLS if call[0].access is Access.TOKEN]
IDS = {
    "cpo_id": "1", "location_id": "x", "charger_id": "x", "job_id": "x",
    "brand_slug": "wallbox", "model_slug": "wallbox-pulsar-plus",
}  # fmt: skip


def each(calls: list[tuple[Route, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("route", "path"), calls, ids=[f"{route.method} {path}" for route, path in calls])


async def answer(gateway: Gateway, route: Route, path: str, **headers: str) -> tuple[int, dict[str, str], object]:
    url = gateway.url + path.format_map(IDS)
    async with gateway.http.request(route.method, url, headers=headers) as response:
        return response.status, dict(response.headers), await response.json()


def token(role: Role, organization_id: str | None = None, *, secret: str = SECRET, lifetime_s: int = 60) -> str:
    made = make_token(secret, subject="x", role=role, organization_id=organization_id, lifetime_s=lifetime_s)
    return f"Bearer {made}"


@ONE_DATABASE
@each(PROTECTED)
async def test_a_call_without_a_token_is_401(gateway: Gateway, route: Route, path: str) -> None:
    status, headers, body = await answer(gateway, route, path)

    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert body == {"detail": "A bearer token is required."}


@ONE_DATABASE
@each(PROTECTED)
async def test_a_call_with_a_token_that_does_not_verify_is_401(gateway: Gateway, route: Route, path: str) -> None:
    organization_id = str(uuid4())
    refused = [
        "Bearer nonsense",
        "Basic dXNlcjpwYXNz",
        token(Role.USER, organization_id, secret="another-secret-of-more-than-32-bytes"),
        token(Role.USER, organization_id, lifetime_s=-60),
        token(Role.USER, None),
    ]

    answers = [await answer(gateway, route, path, Authorization=each) for each in refused]

    assert [status for status, _, _ in answers] == [401] * len(refused)


@ONE_DATABASE
@each(PROTECTED)
async def test_a_user_that_names_an_organization_is_403(gateway: Gateway, route: Route, path: str) -> None:
    organization_id = str(uuid4())
    headers = {"Authorization": token(Role.USER, organization_id), "X-Organization-Id": organization_id}

    status, _, body = await answer(gateway, route, path, **headers)

    assert (status, body) == (
        403,
        {"detail": "A user token is bound to its organization; leave X-Organization-Id out."},
    )


@ONE_DATABASE
@each(SCOPED)
async def test_an_admin_that_names_no_organization_is_403(gateway: Gateway, route: Route, path: str) -> None:
    status, _, body = await answer(gateway, route, path, Authorization=token(Role.ADMIN))

    assert (status, body) == (403, {"detail": "An admin token needs X-Organization-Id on this call."})


@ONE_DATABASE
@each(SCOPED)
async def test_an_admin_that_names_an_organization_badly_is_403(gateway: Gateway, route: Route, path: str) -> None:
    headers = {"Authorization": token(Role.ADMIN), "X-Organization-Id": "mine"}

    status, _, body = await answer(gateway, route, path, **headers)

    assert (status, body) == (403, {"detail": "The organization id must be a UUID."})


@each(SHARED)
async def test_what_all_organizations_share_needs_no_organization(gateway: Gateway, route: Route, path: str) -> None:
    assert (await answer(gateway, route, path, Authorization=token(Role.ADMIN)))[0] == 200


async def test_an_admin_works_in_the_organization_that_it_names(gateway: Gateway) -> None:
    user = gateway.tenant()
    admin = gateway.tenant(user.organization_id, Role.ADMIN)
    site = {"name": "a", "address": "b", "city": "c", "country": "FR", "coordinates": {"latitude": 0, "longitude": 0}}

    _, created = await admin.rest("POST", "/ocpp/locations", json=site)

    assert await user.rest("GET", f"/ocpp/locations/{created['id']}") == (200, created)
    assert (await gateway.tenant(role=Role.ADMIN).rest("GET", f"/ocpp/locations/{created['id']}"))[0] == 404
