"""A CSMS that answers with as little work as it can, and asks back when it is told to flood.

    python -m bench.bare_csms PORT HEARTBEAT_S

`GET /stats` counts; `POST /flood {"seconds": n}` asks every charger one thing after another for so long.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import Any

import orjson
import uvloop
from aiohttp import WSMsgType, web

BACKLOG = 4096
ACCEPTED = {"status": "Accepted"}
NOW = "2026-01-01T00:00:00Z"


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class BareCsms:
    def __init__(self, heartbeat_s: int) -> None:
        self.sockets: dict[web.WebSocketResponse, asyncio.Queue[None]] = {}
        self.booted = 0
        self.frames = 0
        boot = {"status": "Accepted", "currentTime": NOW, "interval": heartbeat_s}
        self.answers: dict[str, Any] = {
            "BootNotification": boot,
            "Heartbeat": {"currentTime": NOW},
            "Authorize": {"idTagInfo": ACCEPTED},
            "StartTransaction": {"transactionId": 1, "idTagInfo": ACCEPTED},
        }

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["ocpp1.6"], compress=False)
        await socket.prepare(request)
        answered = self.sockets[socket] = asyncio.Queue()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._receive(socket, message.data, answered)
        except ConnectionError:
            pass
        finally:
            del self.sockets[socket]
        return socket

    async def _receive(self, socket: web.WebSocketResponse, text: str, answered: asyncio.Queue[None]) -> None:
        frame = orjson.loads(text)
        self.frames += 1
        if frame[0] != 2:
            answered.put_nowait(None)
            return
        self.booted += frame[2] == "BootNotification"
        self.frames += 1
        await socket.send_str(orjson.dumps([3, frame[1], self.answers.get(frame[2], {})]).decode())

    async def stats(self, _request: web.Request) -> web.Response:
        return web.json_response({"booted": self.booted, "frames": self.frames, "connected": len(self.sockets)})

    async def flood(self, request: web.Request) -> web.Response:
        seconds = (await request.json())["seconds"]
        before, at = self.frames, time.monotonic()
        end = at + seconds
        await asyncio.gather(*(self._ask(socket, queue, end) for socket, queue in list(self.sockets.items())))
        return web.json_response({"frames_per_second": (self.frames - before) / (time.monotonic() - at)})

    async def _ask(self, socket: web.WebSocketResponse, answered: asyncio.Queue[None], end: float) -> None:
        number = 0
        while time.monotonic() < end:
            number += 1
            self.frames += 1
            await socket.send_str(f'[2,"f{number}","GetLocalListVersion",{{}}]')
            await answered.get()


async def serve(port: int, heartbeat_s: int) -> None:
    csms = BareCsms(heartbeat_s)
    app = web.Application()
    app.router.add_get("/stats", csms.stats)
    app.router.add_post("/flood", csms.flood)
    app.router.add_get("/{path:.*}", csms.accept)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=BACKLOG).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
