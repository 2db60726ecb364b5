"""PyPI's `gql` over HTTP and WebSocket."""

from __future__ import annotations

import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from graphql import GraphQLError

from tests.support.factories import add_cpo
from tests.support.gateway import Tenant
from tests.support.jobs import over, sites, start_bulk

VIEWER = "{ viewer { role } }"
MISSING = 'mutation { cancelJob(input: {id: "00000000-0000-7000-8000-000000000000"}) { job { id } } }'


def over_http(tenant: Tenant) -> AIOHTTPTransport:
    return AIOHTTPTransport(url=f"{tenant.gateway.url}/graphql", headers=tenant.headers)


def over_websocket(tenant: Tenant) -> WebsocketsTransport:
    url = tenant.gateway.url.replace("http", "ws", 1)
    return WebsocketsTransport(url=f"{url}/graphql", init_payload={"authorization": tenant.headers["Authorization"]})


@pytest.mark.parametrize("transport", [over_http, over_websocket])
async def test_gql_queries_and_learns_of_errors(tenant: Tenant, transport: type) -> None:
    async with Client(transport=transport(tenant)) as session:
        answer = await session.execute(gql(VIEWER))
        with pytest.raises(TransportQueryError) as refused:
            await session.execute(gql(MISSING))

    assert answer == {"viewer": {"role": "USER"}}
    assert [error["extensions"]["code"] for error in refused.value.errors or []] == ["NOT_FOUND"]


async def test_gql_fetches_the_schema_and_checks_documents_against_it(tenant: Tenant) -> None:
    async with Client(transport=over_http(tenant), fetch_schema_from_transport=True) as session:
        answer = await session.execute(gql(VIEWER))
        with pytest.raises(GraphQLError, match="Cannot query field 'rank' on type 'Viewer'"):
            await session.execute(gql("{ viewer { rank } }"))

    assert answer == {"viewer": {"role": "USER"}}


async def test_gql_sends_a_batch(tenant: Tenant) -> None:
    async with Client(transport=over_http(tenant)) as session:
        answers = await session.execute_batch([gql(VIEWER), gql("{ cpos { totalCount } }")])

    assert answers == [{"viewer": {"role": "USER"}}, {"cpos": {"totalCount": 0}}]


async def test_gql_gets_every_event_of_a_subscription(tenant: Tenant) -> None:
    job_id = await start_bulk(tenant, (await add_cpo(tenant)).id, sites(3))
    await over(tenant, job_id)
    watch = gql("subscription ($jobId: ID!) { jobProgress(jobId: $jobId, after: 0) { sequence } }")
    watch.variable_values = {"jobId": job_id}

    async with Client(transport=over_websocket(tenant)) as session:
        seen = [event["jobProgress"]["sequence"] async for event in session.subscribe(watch)]

    assert seen == [1, 2, 3, 4, 5]
