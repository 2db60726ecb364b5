"""A job's progress over a graphql-transport-ws socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import orjson

from commands.api.answers import Later, Refused, data_of, raise_first

HEARTBEAT_S = 15.0
POLICY_CLOSES = range(4400, 4500)  # what graphql-transport-ws closes with when trying again is of no use
TERMINAL = {"READY", "FAILED"}

WATCH = """
    subscription Watch($jobId: ID!, $after: Int) {
      jobProgress(jobId: $jobId, after: $after) { sequence job { status progress { succeeded failed } } }
    }
"""


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    sequence: int
    is_over: bool
    succeeded: int
    failed: int


async def job_events(
    http: aiohttp.ClientSession, url: str, authorization: str, job_id: str, after: int | None
) -> AsyncIterator[Progress]:
    """The events of one subscription behind a sequence number. Raises Refused, Later and aiohttp's errors."""
    async with http.ws_connect(url, protocols=["graphql-transport-ws"], heartbeat=HEARTBEAT_S) as socket:
        await _send(socket, "connection_init", payload={"authorization": authorization})
        if (await _received(socket))["type"] != "connection_ack":
            raise Later("the gateway did not acknowledge the connection")
        variables = {"jobId": job_id, "after": after}
        await _send(socket, "subscribe", id=str(uuid4()), payload={"query": WATCH, "variables": variables})
        while (message := await _received(socket))["type"] != "complete":
            if message["type"] == "error":
                raise_first(message["payload"])
            yield _progress(data_of(message["payload"])["jobProgress"])


def _progress(event: dict[str, Any]) -> Progress:
    counts, status = event["job"]["progress"], event["job"]["status"]
    return Progress(event["sequence"], status in TERMINAL, counts["succeeded"], counts["failed"])


async def _send(socket: aiohttp.ClientWebSocketResponse, type: str, **message: Any) -> None:
    await socket.send_str(orjson.dumps({"type": type, **message}).decode())


async def _received(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next message that is not a ping or pong; pings are answered."""
    while True:
        frame = await socket.receive()
        if frame.type is not aiohttp.WSMsgType.TEXT:
            if socket.close_code in POLICY_CLOSES:
                raise Refused("FORBIDDEN", f"The gateway closed the subscription: {frame.extra or socket.close_code}.")
            raise Later("the connection was lost")
        message: dict[str, Any] = orjson.loads(frame.data)
        if message["type"] == "ping":
            await _send(socket, "pong")
        elif message["type"] != "pong":
            return message
