"""Who may do what: every mutation and subscription asks for a member, every read for a token."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import build_schema

from resolvers.auth import Role
from schema import make_schema
from schema.fields import TenantMember
from tests.support.gateway import Gateway, Tenant

ROOT_READS = [
    '{ location(id: "x") { id } }',
    "{ locations { totalCount } }",
    '{ charger(id: "x") { id } }',
    "{ chargers { totalCount } }",
    '{ cpo(id: "x") { id } }',
    "{ cpos { totalCount } }",
    '{ ocpiLocation(id: "x") { id } }',
    '{ job(id: "x") { id } }',
    "{ jobs { totalCount } }",
    '{ node(id: "x") { id } }',
]
SHARED_READS = [
    "{ brands { slug } }",
    '{ brand(slug: "abb") { models { slug } } }',
    "{ cpoTemplates { slug } }",
    "{ locationTemplates { slug } }",
    "{ viewer { subject } }",
]
DELETE = 'mutation { deleteLocation(input: {id: "x"}) { deletedId } }'


def test_every_mutation_and_subscription_has_a_permission() -> None:
    schema = make_schema()
    definitions = [schema.get_type_by_name(name) for name in ("Mutation", "Subscription")]

    fields = [field for definition in definitions for field in definition.fields]  # type: ignore[union-attr]

    assert len(fields) > 15
    assert [field.python_name for field in fields if TenantMember not in field.permission_classes] == []


def test_every_root_read_stands_in_these_tests() -> None:
    names = {re.findall(r"\w+", document)[0] for document in ROOT_READS + SHARED_READS}

    query = build_schema(make_schema().as_str()).query_type

    assert query is not None
    assert names == set(query.fields)


@pytest.mark.parametrize("document", [*ROOT_READS, *SHARED_READS, DELETE])
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}],
)
async def test_without_a_valid_token_nothing_is_answered(
    gateway: Gateway, document: str, headers: dict[str, str]
) -> None:
    caller = gateway.tenant()
    caller.headers = headers

    assert _codes(await caller.graphql(document)) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("document", [*ROOT_READS, DELETE])
async def test_an_admin_must_name_the_organization(gateway: Gateway, document: str) -> None:
    admin = gateway.tenant(role=Role.ADMIN)
    del admin.headers["X-Organization-Id"]

    assert _codes(await admin.graphql(document)) == ["FORBIDDEN"]


@pytest.mark.parametrize("document", SHARED_READS)
async def test_what_all_organizations_share_needs_no_organization(gateway: Gateway, document: str) -> None:
    admin = gateway.tenant(role=Role.ADMIN)
    del admin.headers["X-Organization-Id"]

    assert "errors" not in await admin.graphql(document)


async def test_a_user_must_not_name_an_organization(tenant: Tenant) -> None:
    tenant.headers["X-Organization-Id"] = tenant.organization_id

    assert _codes(await tenant.graphql("{ locations { totalCount } }")) == ["FORBIDDEN"]


async def test_an_admin_works_in_the_organization_that_it_names(gateway: Gateway, tenant: Tenant) -> None:
    admin = gateway.tenant(tenant.organization_id, Role.ADMIN)

    data = await admin.data("{ viewer { subject role organizationId } locations { totalCount } }")

    assert data == {
        "viewer": {"subject": "tester", "role": "ADMIN", "organizationId": tenant.organization_id},
        "locations": {"totalCount": 0},
    }


def _codes(result: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in result["errors"]]
