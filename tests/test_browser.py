"""The pages in headless Chromium that can't resolve any name; `tests/clients/browser.mjs` drives it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import add_cpo
from tests.support.gateway import Gateway, Tenant
from tests.support.one_database import ONE_DATABASE
from tests.support.tools import CLIENTS, browser

pytestmark = ONE_DATABASE

PICTURES = {"landing", "Sites", "explorer", "CreateSite", "WatchJob", "docs", "docs-health"}


@pytest.fixture(scope="session")
def browsing(gateway: Gateway) -> Tenant:
    """The organization whose token the browser has."""
    return gateway.tenant()


@pytest.fixture(scope="session")
async def seen(browsing: Tenant, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser saw, and its pictures' folder."""
    pictures = tmp_path_factory.mktemp("pictures")
    cpo = await add_cpo(browsing)
    process = await asyncio.create_subprocess_exec(
        "node", "browser.mjs", browser(), browsing.gateway.url, browsing.token(), str(cpo.id), pictures,
        cwd=CLIENTS, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    return {**json.loads(output), "pictures": pictures}


def test_no_page_asks_another_server_or_breaks_its_policy(seen: dict[str, Any]) -> None:
    pictures: Path = seen["pictures"]

    assert seen["problems"] == []
    assert {picture.stem for picture in pictures.glob("*.png")} == PICTURES


def test_the_landing_page_leads_to_everything(seen: dict[str, Any]) -> None:
    links = ["docs", "docs#/ocpi_cpos", "graphiql", "health", "openapi.json", "schema.graphql"]
    assert seen["landing"] == {"title": "Chargeyard", "links": links}


def test_graphiql_knows_whose_token_it_has_and_stores_it_nowhere(seen: dict[str, Any]) -> None:
    assert seen["graphiql"] == {"path": "/graphiql", "who": "user"}
    assert seen["isTokenStored"] is False


def test_graphiql_runs_a_query(seen: dict[str, Any], browsing: Tenant) -> None:
    viewer = {"subject": "tester", "role": "USER", "organizationId": browsing.organization_id}
    data = {"viewer": viewer, "locations": {"totalCount": 0, "nodes": []}}
    assert (seen["query"]["status"], seen["query"]["answer"]["data"]) == (200, data)


def test_the_explorer_of_graphiql_shows_the_fields_that_can_be_chosen(seen: dict[str, Any]) -> None:
    assert seen["explored"] >= 14  # of Query alone


async def test_graphiql_runs_a_mutation(seen: dict[str, Any], browsing: Tenant) -> None:
    location = seen["mutation"]["answer"]["data"]["createLocation"]["location"]

    data = await browsing.data("query ($id: ID!) { location(id: $id) { name city } }", id=location["id"])

    assert data == {"location": {"name": "Aire de Beaune", "city": "Beaune"}}


def test_graphiql_watches_a_job_to_its_end(seen: dict[str, Any]) -> None:
    events, sites = seen["job"]["events"], seen["job"]["sites"]

    assert seen["job"]["answer"]["data"]["jobProgress"] == events[-1]
    assert events[-1]["job"] == {
        "status": "READY",
        "progress": {"total": sites, "succeeded": sites, "failed": 0, "percent": 100},
    }
    assert Counter(event["job"]["status"] for event in events)["PROVISIONING"] > 1  # it was live


async def test_the_rest_documentation_lists_every_operation_and_tries_one(
    seen: dict[str, Any], browsing: Tenant
) -> None:
    _, document = await browsing.rest("GET", "/openapi.json")

    operations = sum(len(path) for path in document["paths"].values())

    assert seen["documentation"] == {"operations": operations, "status": "200"}
