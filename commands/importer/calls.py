"""What the import asks of the GraphQL API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commands.api.client import Client

NETWORK = "query Network($id: ID!) { cpo(id: $id) { provisioning { status } } }"
CREATE = """
    mutation Import($input: BulkCreateOcpiLocationsInput!) {
      bulkCreateOcpiLocations(input: $input) { job { id } }
    }
"""


async def network_status(client: Client, cpo_id: str) -> str | None:
    """The provisioning status of a network; None when there is no such network."""
    cpo = (await client.execute(NETWORK, id=cpo_id))["cpo"]
    return str(cpo["provisioning"]["status"]) if cpo else None


async def bulk_create(client: Client, cpo_id: str, locations: Sequence[dict[str, Any]], key: str) -> str:
    """Has a batch accepted; gives the id of its job. The same key and batch give the same job again."""
    items = [{"location": location} for location in locations]
    data = await client.execute(CREATE, input={"cpoId": cpo_id, "locations": items, "idempotencyKey": key})
    return str(data["bulkCreateOcpiLocations"]["job"]["id"])
