"""The limit: aiohttp that sends what one hand-written statement answers, on sessions like ours, and nothing in between.

    python -m bench.limit URL PORT      (started by bench.graphql)

It takes the requests of the others, at a path that names the query, and knows neither GraphQL nor who asks.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson
import uvloop
from aiohttp import web

from bench.data import ORGANIZATION
from bench.queries import POSTGRES, QUERIES, SQLITE
from storage.plan.postgres import CONNECTIONS, SESSION

AROUND = {
    name: (b'{"data":{"location":', b"}}") if query.first is None else (b'{"data":{"locations":{"nodes":', b"}}}")
    for name, query in QUERIES.items()
}

Fetch = Callable[[str, Any], Awaitable[bytes]]


async def main(url: str, port: int) -> None:
    fetch = _sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else await _postgres(url)

    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        (value,) = orjson.loads(await request.read())["variables"].values()
        before, after = AROUND[name]
        return web.Response(body=before + await fetch(name, value) + after, content_type="application/json")

    app = web.Application()
    app.router.add_post("/{name}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


async def _postgres(url: str) -> Fetch:
    """Prepared statements on a few connections, the last one used first."""
    idle: list[dict[str, Any]] = []
    for _ in range(CONNECTIONS):
        connection = await asyncpg.connect(url, server_settings=SESSION)
        await connection.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")
        idle.append({name: await connection.prepare(statement) for name, statement in POSTGRES.items()})
    turns = asyncio.Semaphore(CONNECTIONS)

    async def fetch(name: str, value: Any) -> bytes:
        async with turns:
            statements = idle.pop()
            answer: bytes = await statements[name].fetchval(ORGANIZATION, value)
            idle.append(statements)
        return answer

    return fetch


def _sqlite(path: str) -> Fetch:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = bytes

    async def fetch(name: str, value: Any) -> bytes:
        answer: bytes = connection.execute(SQLITE[name], (ORGANIZATION, value)).fetchone()[0]
        return answer

    return fetch


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
