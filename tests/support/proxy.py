"""A TCP proxy in front of a gateway, whose connections a test can cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """Passes bytes on. `cut` drops every open connection; new ones are taken, after so many `refusals`."""

    url: str = ""
    refusals: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        for writer in list(self.writers):
            writer.transport.abort()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with suppress(ConnectionError):
            while data := await reader.read(2**16):
                writer.write(data)
                await writer.drain()
        self.writers.discard(writer)
        writer.close()


@asynccontextmanager
async def running_proxy(target: str) -> AsyncIterator[Proxy]:
    """A proxy to the host and port of a URL."""
    proxy, to = Proxy(), urlsplit(target)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if proxy.refusals:
            proxy.refusals -= 1
            writer.close()
            return
        upstream_reader, upstream_writer = await asyncio.open_connection(to.hostname, to.port)
        await asyncio.gather(proxy.pump(reader, upstream_writer), proxy.pump(upstream_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
