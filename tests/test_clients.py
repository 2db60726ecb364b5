"""GraphQL clients and tools of JavaScript against a running gateway; `tests/clients/` holds their side."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import add_cpo
from tests.support.gateway import Gateway
from tests.support.jobs import over, sites, start_bulk
from tests.support.tools import CLIENTS, ROOT

VIEWER = {"viewer": {"role": "USER"}}
MISSING = ["NOT_FOUND"]
INVALID = ["GRAPHQL_VALIDATION_FAILED"]
PROGRESS = [1, 2, 3, 4, 5]  # of a job with three items: begun, each item, over


def created(name: str) -> dict[str, Any]:
    return {"createLocation": {"location": {"name": name}}}


async def node(script: str, *arguments: str | Path) -> Any:
    """The JSON that a script of `tests/clients/` prints."""
    process = await asyncio.create_subprocess_exec(
        "node", script, *arguments, cwd=CLIENTS, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


@pytest.fixture(scope="session")
async def got(gateway: Gateway) -> dict[str, Any]:
    """What each client got, by its name; all of them run once per database."""
    tenant = gateway.tenant()
    job_id = await start_bulk(tenant, (await add_cpo(tenant)).id, sites(3))
    await over(tenant, job_id)
    answers: dict[str, Any] = await node("run.mjs", gateway.url, tenant.token(), job_id)
    return answers


def test_all_audits_of_graphql_over_http_pass(got: dict[str, Any]) -> None:
    assert got["audits"] == {"passed": 61, "failed": []}


def test_graphql_ws_runs_every_operation_and_learns_why_a_token_is_refused(got: dict[str, Any]) -> None:
    assert got["graphql_ws"] == {
        "viewer": VIEWER,
        "created": created("from graphql-ws"),
        "missing": MISSING,
        "progress": PROGRESS,
        "invalid": INVALID,
        "refused": 4403,
    }


def test_graphql_sse_runs_every_operation(got: dict[str, Any]) -> None:
    assert got["graphql_sse"] == {
        "viewer": VIEWER,
        "created": created("from graphql-sse"),
        "missing": MISSING,
        "progress": PROGRESS,
        "invalid": INVALID,
    }


def test_urql_runs_every_operation(got: dict[str, Any]) -> None:
    assert got["urql"] == {
        "viewer": VIEWER,
        "viewerByGet": VIEWER,
        "created": created("from urql"),
        "missing": MISSING,
        "progress": PROGRESS,
        "invalid": INVALID,
    }


def test_apollo_client_runs_over_http(got: dict[str, Any]) -> None:
    assert got["apollo_http"] == {
        "viewer": VIEWER,
        "created": created("from Apollo over HTTP"),
        "missing": MISSING,
        "invalid": INVALID,
    }


def test_apollo_client_runs_over_websocket(got: dict[str, Any]) -> None:
    assert got["apollo_ws"] == {
        "viewer": VIEWER,
        "created": created("from Apollo over WebSocket"),
        "missing": MISSING,
        "invalid": INVALID,
        "progress": PROGRESS,
    }


def test_apollo_client_gets_subscriptions_over_multipart(got: dict[str, Any]) -> None:
    assert got["apollo_multipart"] == {"progress": PROGRESS}


def test_apollo_client_sends_three_queries_in_one_request(got: dict[str, Any]) -> None:
    assert got["apollo_batch"] == {"answers": [VIEWER] * 3, "requests": [3]}


async def test_the_schema_breaks_no_client_of_the_contract_and_describes_everything() -> None:
    contract = ROOT / "tests" / "data" / "graphql-contract.graphql"

    judgement = await node("schema.mjs", contract, ROOT / "schema" / "schema.graphql")

    assert judgement == {"breaking": [], "style": []}
