"""Uses the client that ariadne-codegen generated into the folder `yard`; prints what it got.

python generated.py URL TOKEN JOB_ID    with the folder's parent in PYTHONPATH
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from yard import Client, CoordinatesInput, CreateLocationInput, GraphQLClientGraphQLMultiError, LocationFilter
from yard.input_types import StringFilter

SITE = CreateLocationInput(
    name="from generated code",
    address="1 rue A",
    city="Paris",
    country="FR",
    coordinates=CoordinatesInput(latitude=48.85, longitude=2.35),
)


async def use(client: Client, job_id: str) -> dict[str, Any]:
    created = (await client.create_site(SITE)).create_location.location
    found = (await client.list_locations(first=1, where=LocationFilter(name=StringFilter(eq=created.name)))).locations
    try:
        await client.create_site(SITE.model_copy(update={"country": "nowhere"}))
        errors: list[Any] = []
    except GraphQLClientGraphQLMultiError as exc:
        errors = [(error.extensions or {})["code"] for error in exc.errors]
    return {
        "role": (await client.get_viewer()).viewer.role,
        "created": [created.name, created.coordinates.latitude],
        "found": [found.total_count, found.nodes[0].id == created.id, found.nodes[0].chargers.nodes],
        "errors": errors,
        "progress": [event.job_progress.sequence async for event in client.watch_job(job_id, after=0)],
    }


async def main(url: str, token: str, job_id: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    socket_url = url.replace("http", "ws", 1)
    client = Client(
        f"{url}/graphql", headers=headers, ws_url=f"{socket_url}/graphql", ws_connection_init_payload=headers
    )
    async with client:
        print(json.dumps(await use(client, job_id)))


asyncio.run(main(*sys.argv[1:]))
