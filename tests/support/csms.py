"""A CSMS for tests: it records every frame, holds each against the standard's schema, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from aiohttp import WSMsgType, web
from jsonschema import ValidationError

from fleet.frames import Result as ResultFrame
from fleet.frames import Violation, check_payload, check_result

DEADLINE_S = 8.0

Payload = dict[str, Any]


@dataclass(frozen=True)
class CallError:
    """What the CSMS answers in place of a result."""

    code: str
    description: str = ""


SILENCE = CallError("")  # an answer that never comes

Answer = Payload | CallError
Behaviour = Callable[["Station", Payload], Answer]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Call:
    """A request that a charger sent."""

    action: str
    payload: Payload
    at: float
    id: str

    @property
    def is_status_of_whole(self) -> bool:
        return self.action == "StatusNotification" and self.payload.get("connectorId") == 0


@dataclass
class Station:
    """What one charger did, over all its connections."""

    identity: str
    csms: Csms
    version: str = ""
    calls: list[Call] = field(default_factory=list)
    errors: list[list[Any]] = field(default_factory=list)
    authorization: str | None = None
    cookie: str | None = None
    connections: int = 0
    answers: int = 0
    socket: web.WebSocketResponse | None = None
    waiting: dict[str, tuple[str, asyncio.Future[Any]]] = field(default_factory=dict)

    @property
    def connected(self) -> bool:
        return self.socket is not None

    def sent(self, action: str) -> list[Payload]:
        """The payloads of this action, in order; a status is that of a connector."""
        return [call.payload for call in self.calls if call.action == action and not call.is_status_of_whole]

    def statuses_of_whole(self) -> list[str]:
        """What a 1.6 charger said of itself as a whole, in order."""
        return [call.payload["status"] for call in self.calls if call.is_status_of_whole]

    def actions(self) -> list[str]:
        return [call.action for call in self.calls]

    async def until(self, done: Callable[[Station], Any]) -> Any:
        """Waits until something is true of this charger, and gives it."""
        return await self.csms.until(lambda: done(self), f"{self.identity}: {self.actions()[-12:]}")

    async def receives(self, action: str, count: int = 1) -> Payload:
        """Waits until the charger has sent an action so often; gives the last."""
        await self.until(lambda station: len(station.sent(action)) >= count)
        return self.sent(action)[count - 1]

    async def status(self, *wanted: str, connector: int = 1) -> None:
        """Waits until the connector's last StatusNotification is one of these."""
        await self.until(lambda station: station.last_status(connector) in wanted)

    def last_status(self, connector: int = 1) -> str | None:
        key = "connectorId" if self.version == "1.6" else "evseId"
        own = [p for p in self.sent("StatusNotification") if p.get(key) == connector]
        return (own[-1].get("status") or own[-1].get("connectorStatus")) if own else None

    async def call(self, action: str, payload: Payload | None = None) -> Payload:
        """The charger's answer to a request. Raises Refused on a CALLERROR."""
        check_payload(self.version, action, payload or {})
        return await self.call_raw(action, payload or {})

    async def call_raw(self, action: str, payload: Any) -> Payload:
        """The same without a look at the schema."""
        id = str(uuid4())
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting[id] = (action, future)
        await self.send_text(json.dumps([2, id, action, payload]))
        result: Payload = await asyncio.wait_for(future, DEADLINE_S)
        return result

    async def hears(self, action: str, payload: Payload) -> None:
        """Sends the answer at last that it owes to the last call of an action."""
        id = next(call.id for call in reversed(self.calls) if call.action == action)
        await self.send_text(json.dumps([3, id, payload]))

    async def send_text(self, text: str) -> None:
        assert self.socket is not None, f"{self.identity} is not connected"
        await self.socket.send_str(text)

    async def hang_up(self) -> None:
        assert self.socket is not None
        await self.socket.close()


class Refused(Exception):
    """The charger answered with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class Csms:
    """Listens on a real socket. `behaviours` replace the accepting answers, by action."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._key = uuid4().hex  # chargers of an earlier test may look for their CSMS on the same port
        self.stations: dict[str, Station] = {}
        self.behaviours: dict[str, Behaviour] = {}
        self.violations: list[str] = []
        self.port = 0
        self.heartbeat_s = 300
        self.subprotocols = ["ocpp2.0.1", "ocpp1.6"]
        self.cookie = ""  # what the answer to an upgrade sets
        self.patience_s = DEADLINE_S
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._transactions = 0
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}/{self._key}"

    async def start(self) -> None:
        """Listens, on the port it had before if it was stopped."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._accept)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        self._site = web.TCPSite(
            self._runner, "127.0.0.1", self.port, reuse_address=True, backlog=1024, ssl_context=self._tls
        )
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listens no more, then hangs up: chargers come back at once."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        for station in self.stations.values():
            if station.socket is not None:
                await station.socket.close(code=1001)
        if self._runner is not None:
            await self._runner.cleanup()

    async def station(self, identity: str) -> Station:
        """Waits until a charger has connected and sent something."""
        found: Station = await self.until(
            lambda: (s := self.stations.get(identity)) and s.calls and s, f"{identity} never came"
        )
        return found

    async def until(self, done: Callable[[], Any], what: str) -> Any:
        """Waits until something is true, looking whenever a frame came."""
        try:
            async with asyncio.timeout(self.patience_s):
                while not (result := done()):
                    self._changed.clear()
                    await self._changed.wait()
                return result
        except TimeoutError:
            raise AssertionError(f"timed out: {what}") from None

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        _, key, identity = request.rel_url.raw_path.split("/")
        if key != self._key:
            return web.Response(status=404)
        identity = unquote(identity)
        station = self.stations.setdefault(identity, Station(identity, self))
        station.authorization = request.headers.get("Authorization")
        station.cookie = request.headers.get("Cookie")
        station.connections += 1
        socket = web.WebSocketResponse(protocols=self.subprotocols, compress=False, timeout=0.5)
        if self.cookie:
            socket.headers["Set-Cookie"] = self.cookie
        try:
            await socket.prepare(request)
        except ConnectionError:  # the charger was killed while it connected
            return web.Response()
        station.version = (socket.ws_protocol or "").removeprefix("ocpp")
        station.socket = socket
        self._changed.set()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._receive(station, message.data)
                    self._changed.set()
        finally:
            if station.socket is socket:
                station.socket = None
            self._changed.set()
        return socket

    async def _receive(self, station: Station, text: str) -> None:
        frame = json.loads(text)
        if frame[0] == 2:
            await self._answer(station, frame)
        elif frame[0] == 3 and frame[1] not in station.waiting:
            station.answers += 1
        elif frame[0] == 3:
            action, future = station.waiting.pop(frame[1])
            self._check(lambda: check_result(station.version, action, ResultFrame(frame[1], frame[2]), text))
            future.set_result(frame[2])
        else:
            station.errors.append(frame)
            if frame[1] in station.waiting:
                station.waiting.pop(frame[1])[1].set_exception(Refused(frame[2], frame[3]))

    async def _answer(self, station: Station, frame: list[Any]) -> None:
        _, id, action, payload = frame
        self._check(lambda: check_payload(station.version, action, payload))
        station.calls.append(Call(action, payload, asyncio.get_running_loop().time(), id))
        self._changed.set()
        answer = self.behaviours.get(action, self._accepts)(station, payload)
        answer = self._default(station, action, payload) if answer == ACCEPT else answer
        if answer is SILENCE or station.socket is None:
            return
        if isinstance(answer, CallError):
            await station.send_text(json.dumps([4, id, answer.code, answer.description, {}]))
        else:
            await station.send_text(json.dumps([3, id, answer]))

    def _accepts(self, station: Station, payload: Payload) -> Answer:
        return ACCEPT

    def _default(self, station: Station, action: str, payload: Payload) -> Payload:
        accepted = {"status": "Accepted"}
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": now(), "interval": self.heartbeat_s}
        if action == "Heartbeat":
            return {"currentTime": now()}
        if action == "Authorize":
            return {"idTagInfo": accepted} if station.version == "1.6" else {"idTokenInfo": accepted}
        if action == "StartTransaction":
            self._transactions += 1
            return {"transactionId": self._transactions, "idTagInfo": accepted}
        if action == "TransactionEvent" and "idToken" in payload:
            return {"idTokenInfo": accepted}
        return {"status": "Accepted"} if action == "DataTransfer" else {}

    def _check(self, check: Callable[[], None]) -> None:
        try:
            check()
        except (Violation, ValidationError) as exc:
            self.violations.append(str(exc))


ACCEPT: Payload = {"accept": "as usual"}


def reply(*answers: Answer) -> Behaviour:
    """These answers, one after the other, then the last again and again."""
    left = list(answers)

    def behaviour(station: Station, payload: Payload) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    return behaviour


@asynccontextmanager
async def recording_csms(tls: ssl.SSLContext | None = None) -> AsyncIterator[Csms]:
    """A running CSMS; every frame it was sent must have been valid."""
    csms = Csms(tls)
    await csms.start()
    try:
        yield csms
    finally:
        await csms.stop()
    assert csms.violations == []
