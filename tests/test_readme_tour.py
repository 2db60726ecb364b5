"""What the README tells to paste works, in the README's order."""

from __future__ import annotations

import asyncio
import json
import re
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from tests.support.csms import Csms
from tests.support.gateway import Gateway, Tenant, running_gateway
from tests.support.jobs import over
from tests.support.rest import got, until

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text())
# each document with the variables that are shown below it
DOCUMENTS = [
    (text, json.loads(below) if kind == "json" else {})
    for (language, text), (kind, below) in pairwise(BLOCKS)
    if language == "graphql"
]


@pytest.fixture
async def gateway(csms: Csms, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway as the quick start has it, whose chargers have a CSMS to talk to."""
    url = f"sqlite:///{tmp_path / 'chargeyard.db'}"
    async with running_gateway(url, tmp_path, csms_url=csms.url) as gateway:
        yield gateway


@pytest.mark.parametrize(("document", "variables"), DOCUMENTS)
def test_the_graphql_of_the_readme_is_valid_and_its_variables_are_shown(
    document: str, variables: dict[str, Any]
) -> None:
    parsed = parse(document)
    [operation] = parsed.definitions

    assert validate(SCHEMA, parsed) == []
    assert isinstance(operation, OperationDefinitionNode)
    assert [each.variable.name.value for each in operation.variable_definitions or ()] == list(variables)


async def test_the_tour_in_graphql_makes_what_it_asks_for(tenant: Tenant, csms: Csms) -> None:
    network = (await tenant.data(block("graphql", "createCpo")))["createCpo"]
    async with answers(tenant, block("graphql", "jobProgress"), jobId=network["job"]["id"]) as progress:
        assert [event async for event in progress][-1]["jobProgress"]["job"]["status"] == "READY"
    bulk = block("graphql", "bulkCreate").replace("ws://127.0.0.1:9000/ocpp", csms.url)
    job = (await tenant.data(bulk, cpoId=network["cpo"]["id"]))["bulkCreateOcpiLocations"]["job"]
    await over(tenant, job["id"])
    await (await csms.station("PARIS-001")).status("Available")

    sites = (await tenant.data(block("graphql", "locations(first")))["locations"]["nodes"]

    chargers = {site["name"]: {each["identity"]: each["id"] for each in site["chargers"]["nodes"]} for site in sites}
    assert chargers["La Défense Charging Hub"].keys() == {"PARIS-001", "PARIS-002"}

    driven, moved = (chargers["La Défense Charging Hub"][identity] for identity in ("PARIS-001", "PARIS-002"))

    await (await csms.station("PARIS-002")).receives("BootNotification")
    move = block("graphql", "updateCharger").replace("wss://csms.example/ocpp", f"{csms.url}/")
    await tenant.data(move, chargerId=moved)
    await csms.stations["PARIS-002"].receives("BootNotification", 2)
    async with answers(tenant, block("graphql", "ocppMessages"), chargerId=driven) as frames:
        answer = await tenant.data(block("graphql", "startSession"), chargerId=driven)
        assert answer == {"startSession": {"queuedCount": 1, "failedCount": 0, "failed": []}}
        while (await anext(frames))["ocppMessages"]["action"] != "StartTransaction":
            pass


async def test_the_tour_with_curl_and_the_published_client_makes_sites_and_drives_chargers(
    tenant: Tenant, csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = (await tenant.data(block("graphql", "createCpo")))["createCpo"]  # the tour's network is not the first
    await over(tenant, earlier["job"]["id"])
    monkeypatch.setenv("CHARGEYARD_TOKEN", tenant.token())
    shell, client = block("sh", "api="), dict[str, Any]()

    await pasted(tenant, shell, block("sh", "cpo="))
    network = (await got(tenant, "/ocpi/cpos"))["data"][0]["cpo_id"]
    await until(tenant, f"/ocpi/cpos/{network}/locations", lambda found: "Hub" in names(found))
    await executed(tenant, client, block("python", "OcpplabSDK("))
    assert "Depot" in names(await got(tenant, "/ocpp/locations"))

    count = (await got(tenant, "/ocpp/chargers"))["total"]
    await csms.until(lambda: statuses(csms)["Available"] == count, "all free")
    await pasted(tenant, shell, block("sh", "inject-fault"))
    await csms.until(lambda: statuses(csms)["Faulted"] == 1, "a fault")
    await executed(tenant, client, block("python", "start_session"))
    await csms.until(lambda: statuses(csms)["Charging"] == 1, "a session")


def names(listed: dict[str, Any]) -> list[str]:
    return [row["name"] for row in listed["data"]]


def statuses(csms: Csms) -> Counter[str | None]:
    """How many chargers have last said each status of their first connector."""
    return Counter(station.last_status() for station in csms.stations.values())


def block(language: str, mark: str) -> str:
    """The only block of the README in this language that holds the mark."""
    [found] = [text for kind, text in BLOCKS if kind == language and mark in text]
    return str(found)


@asynccontextmanager
async def answers(tenant: Tenant, document: str, **variables: Any) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The data of a subscription, as server-sent events bring them."""
    body = {"query": document, "variables": variables}
    headers = {**tenant.headers, "Accept": "text/event-stream"}
    async with tenant.gateway.http.post(f"{tenant.gateway.url}/graphql", json=body, headers=headers) as response:
        lines = (line.removeprefix(b"data: ") async for line in response.content if line.startswith(b"data: {"))
        yield (json.loads(line)["data"] async for line in lines)


def here(tenant: Tenant, text: str) -> str:
    return text.replace("http://127.0.0.1:8080", tenant.gateway.url)


async def pasted(tenant: Tenant, *blocks: str) -> str:
    """What a shell prints when the blocks are pasted; each command must end well."""
    strict = 'set -eu -o pipefail; curl() { command curl --fail-with-body "$@"; }'
    script = "\n".join([strict, *(here(tenant, text) for text in blocks)])
    process = await asyncio.create_subprocess_exec("bash", "-c", script, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert process.returncode == 0, out + err
    return out.decode()


async def executed(tenant: Tenant, names: dict[str, Any], code: str) -> None:
    """Runs Python that goes on with the names of what ran before."""
    await asyncio.to_thread(exec, here(tenant, code), names)
