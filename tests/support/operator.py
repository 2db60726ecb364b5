"""One tenant with a network, whose gateways are processes that a test may kill."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import aiohttp

from resolvers.context import Services
from tests.support.audit import audit
from tests.support.gateway import Gateway, Tenant
from tests.support.jobs import DEADLINE_S, over, site
from tests.support.nodes import Node

NETWORK = "mutation ($input: CreateCpoInput!) { createCpo(input: $input) { cpo { id } job { id } } }"
DELETE = "mutation ($id: ID!) { deleteLocation(input: {id: $id}) { deletedId } }"
PROGRESS = "query ($id: ID!) { job(id: $id) { status progress { succeeded } } }"


class Operator:
    """A tenant of a database, who talks to one of its nodes."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.tenant = Tenant(Gateway("", cast("Services", None), http), str(uuid4()))
        self.cpo_id = ""
        self._url = url

    def use(self, node: Node) -> None:
        """Talks to this node from now on."""
        self.tenant.gateway.url = node.url

    async def restart(self, node: Node) -> None:
        """Starts a node that is dead and talks to it."""
        await asyncio.to_thread(node.start)
        self.use(node)

    async def make_network(self) -> None:
        """A network whose own sites are gone, so that all that is there was made by the test's job."""
        wanted = {"template": "mixed-depot", "countryCode": "FR", "partyId": "ABC", "namePrefix": "n-"}
        made = (await self.tenant.data(NETWORK, input=wanted))["createCpo"]
        await over(self.tenant, made["job"]["id"])
        self.cpo_id = made["cpo"]["id"]
        listed = await self.tenant.data("{ locations { nodes { id } } }")
        for location in listed["locations"]["nodes"]:
            await self.tenant.data(DELETE, id=location["id"])

    async def progressed(self, job_id: str, at_least: int) -> int:
        """How many items are done, once so many are."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            job = (await self.tenant.data(PROGRESS, id=job_id))["job"]
            done: int = job["progress"]["succeeded"]
            if done >= at_least or job["status"] not in {"PENDING", "PROVISIONING"}:
                return done
            assert time.monotonic() < deadline, job
            await asyncio.sleep(0.005)

    def audit(self, job_id: str, locations: list[dict[str, Any]]) -> None:
        """Asserts that this job made these sites, and that nothing else is there."""
        identities = [
            f"{group['template']['identityPrefix']}{suffix}"
            for entry in locations
            for group in entry["location"]["charges"] or []
            for suffix in group["chargerIds"]
        ]
        names = [entry["location"]["name"] for entry in locations]
        audit(self._url, self.tenant.organization_id, job_id, names=names, identities=identities)


@asynccontextmanager
async def operator_of(url: str, node: Node) -> AsyncIterator[Operator]:
    """A new tenant with a network, who talks to this node."""
    async with aiohttp.ClientSession() as http:
        operator = Operator(url, http)
        operator.use(node)
        await operator.make_network()
        yield operator


def wanted(count: int) -> list[dict[str, Any]]:
    """Sites with a charger on every third."""
    return [site(f"Site {number}", chargers=int(number % 3 == 0), prefix=f"C{number}-") for number in range(count)]
