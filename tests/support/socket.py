"""A client of the subprotocol graphql-transport-ws that says just what it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.support.endpoint import Endpoint, bearer

PATIENCE_S = 60
SUBPROTOCOL = "graphql-transport-ws"


class Socket:
    """One connection."""

    def __init__(self, raw: ClientWebSocketResponse) -> None:
        self.raw = raw

    async def send(self, **message: Any) -> None:
        await self.raw.send_json(message)

    async def subscribe(self, id: str, document: str, /, **variables: Any) -> None:
        await self.send(type="subscribe", id=id, payload={"query": document, "variables": variables})

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = await self.raw.receive_json(timeout=PATIENCE_S)
        return message

    async def end(self) -> tuple[int | None, str]:
        """The code and the reason with which the server closes the connection; messages before it are skipped."""
        while True:
            message = await self.raw.receive(timeout=PATIENCE_S)
            if message.type is WSMsgType.CLOSE:
                return message.data, message.extra or ""
            assert message.type is WSMsgType.TEXT, message


@asynccontextmanager
async def connected(
    endpoint: Endpoint, headers: Mapping[str, str] | None = None, *, protocols: tuple[str, ...] = (SUBPROTOCOL,)
) -> AsyncIterator[Socket]:
    """A connection without its first message."""
    async with endpoint.http.ws_connect(endpoint.url, protocols=protocols, headers=headers, autoclose=False) as raw:
        yield Socket(raw)


@asynccontextmanager
async def talking(endpoint: Endpoint, token: str = "", **payload: Any) -> AsyncIterator[Socket]:
    """A connection that the server has acknowledged."""
    async with connected(endpoint) as socket:
        await socket.send(type="connection_init", payload={**bearer(token or endpoint.token()), **payload})
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


def data(message: Mapping[str, Any]) -> Any:
    """The data of a `next` message that has no errors."""
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    return message["payload"]["data"]
