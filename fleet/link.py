"""OCPP-J over one WebSocket: one CALL in flight, answers matched by id, time-outs (1.6J §4.1, 2.0.1 Part 4 §4.1)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Protocol
from uuid import uuid4

import orjson
from aiohttp import ClientWebSocketResponse, WSMsgType

from fleet import bounds
from fleet.frames import Call, Error, Payload, Result, Violation, check_result, code_for, parse
from fleet.network import ConnectionCut, Network

CALL_TIMEOUT_S = 30.0

TO_CSMS = "cp_to_csms"
TO_CHARGER = "csms_to_cp"


class CallFailed(Exception):
    """A CALL without an answer that helps: a CALLERROR (`code` as received), or none in time."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code


class Disconnected(CallFailed):
    """The connection went away before the answer came."""

    def __init__(self) -> None:
        super().__init__("Disconnected")


class Unanswered(CallFailed):
    """No answer in time."""

    def __init__(self, action: str) -> None:
        super().__init__("Timeout", f"no answer to {action} in {CALL_TIMEOUT_S:.0f} s")


Follow = Callable[[], Coroutine[Any, Any, None]]


class Reply:
    """The answer to a CALL of the CSMS, and what the charger does once it has been sent."""

    __slots__ = ("payload", "then")

    def __init__(self, payload: Payload, then: Follow | None = None) -> None:
        self.payload = payload
        self.then = then


class Peer(Protocol):
    """The charger behind a link."""

    @property
    def version(self) -> str:
        """`1.6` or `2.0.1`, as the schemas are named."""
        ...

    def answer(self, call: Call, text: str | bytes) -> Reply | None:
        """What it says to a CALL, or None when it must not answer. Raises Violation."""
        ...

    def follow(self, then: Follow) -> None:
        """Goes on after an answer was sent."""
        ...

    def log_frame(self, direction: str, action: str, text: str) -> None: ...


class Link:
    """One connection. Ends when the socket does; a new connection is a new link."""

    __slots__ = ("_action", "_busy", "_closed", "_future", "_id", "_peer", "_socket", "answered", "network")

    def __init__(self, websocket: ClientWebSocketResponse, peer: Peer, network: Network) -> None:
        self._socket = websocket
        self._peer = peer
        self.network = network
        self._busy = asyncio.Lock()
        self._future: asyncio.Future[Payload] | None = None
        self._id = ""
        self._action = ""
        self._closed = False
        self.answered = False  # whether the CSMS answered anything at all

    @property
    def is_calling(self) -> bool:
        """Whether a CALL waits for its answer."""
        return self._busy.locked()

    async def call(self, action: str, payload: Payload) -> Payload:
        """The CSMS's answer, valid by its schema. Waits for the CALL before. Raises CallFailed."""
        async with self._busy:
            if self._closed:
                raise Disconnected
            self._future = asyncio.get_running_loop().create_future()
            self._id, self._action = str(uuid4()), action
            try:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    await self._send([2, self._id, action, payload], action)
                    return await self._future
            except TimeoutError as exc:
                raise Unanswered(action) from exc
            except ConnectionError as exc:
                raise Disconnected from exc
            finally:
                self._future = None

    async def read(self) -> None:
        """Reads and answers until the connection ends; one that is no longer read is cut."""
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._receive(message.data)
        except ConnectionError:
            return
        finally:
            self._end()

    async def close(self) -> None:
        await self._socket.close()

    def _end(self) -> None:
        self._closed = True
        _cut(self._socket)  # its timer of pings would keep it open when the power is off
        if self._future is not None and not self._future.done():
            self._future.set_exception(Disconnected())
            self._future.exception()  # who asked may be gone, with the power; asyncio would log that as a mistake

    async def _receive(self, text: str | bytes) -> None:
        if not self.network.is_perfect:
            await self._travel()
        try:
            frame = parse(text)
        except Violation as violation:
            self._log(TO_CHARGER, "", text)
            await self._refuse(violation)
            return
        if isinstance(frame, Call):
            self._log(TO_CHARGER, frame.action, text)
            await self._answer(frame, text)
        elif frame.id == self._id and self._future is not None and not self._future.done():
            self._log(TO_CHARGER, self._action, text)
            self._settle(self._future, frame, text)
            await asyncio.sleep(0)  # who asked goes on before the next frame, which may build on the answer
        else:  # too late, or never asked: the standard says to ignore it
            self._log(TO_CHARGER, "", text)

    def _settle(self, future: asyncio.Future[Payload], frame: Result | Error, text: str | bytes) -> None:
        self.answered = True
        if isinstance(frame, Error):
            future.set_exception(CallFailed(frame.code, frame.description))
            return
        try:
            bounds.check_answer(self._action, frame, text)
            check_result(self._peer.version, self._action, frame, text)
        except Violation as violation:
            future.set_exception(CallFailed(violation.code, violation.description))
            return
        future.set_result(frame.payload)

    async def _answer(self, call: Call, text: str | bytes) -> None:
        try:
            reply = self._peer.answer(call, text)
        except Violation as violation:
            violation.message_id = call.id
            await self._refuse(violation, call.action)
            return
        if reply is None:
            return
        await self._send([3, call.id, reply.payload], call.action)
        if reply.then is not None:
            self._peer.follow(reply.then)

    async def _refuse(self, violation: Violation, action: str = "") -> None:
        version = self._peer.version
        if violation.message_id is None and version == "1.6":
            return  # 1.6 has no way to answer a frame without an id; 2.0.1 answers "-1" (Part 4 §4.2.3)
        code = code_for(version, violation.code)
        await self._send([4, violation.message_id or "-1", code, violation.description, {}], action)

    async def _send(self, frame: list[Any], action: str) -> None:
        text = orjson.dumps(frame).decode()
        copies = 1
        if not self.network.is_perfect:
            await self._travel()
            copies += self.network.duplicates()
        for _ in range(copies):
            self._log(TO_CSMS, action, text)
            await self._socket.send_str(text)

    async def _travel(self) -> None:
        await asyncio.sleep(self.network.delay_s())
        if self.network.cuts():
            _cut(self._socket)
            raise ConnectionCut("the simulated network broke the connection")

    def _log(self, direction: str, action: str, text: str | bytes) -> None:
        self._peer.log_frame(direction, action, text if isinstance(text, str) else text.decode(errors="replace"))


def _cut(websocket: ClientWebSocketResponse) -> None:
    """Ends the connection without a closing frame, as a network does. uvloop's sockets can't, a duplicate can."""
    transport_socket = websocket.get_extra_info("socket")
    if transport_socket is None or transport_socket.fileno() < 0:
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(transport_socket.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
