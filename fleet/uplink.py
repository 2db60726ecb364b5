"""The way to the CSMS that all chargers of a process share: client, credentials, and how many may call at once."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from weakref import WeakValueDictionary

from aiohttp import ClientSession, ClientTimeout, ClientWebSocketResponse, ClientWSTimeout, DummyCookieJar, TCPConnector

CONNECT_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 2.0
MAX_FRAME_BYTES = 2**20
ARRIVALS = 50  # connecting and booting at once, per CSMS: a thousand in seconds, without a flood


class Uplink:
    """Opens WebSockets. `password` is for chargers that have none of their own."""

    def __init__(self, *, password: str = "", ca_file: str = "") -> None:
        self._password = password
        self._ca_file = ca_file
        self._client: ClientSession | None = None
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def open(self) -> None:
        context = ssl.create_default_context(cafile=self._ca_file or None)
        # Python 3.13 is as strict as RFC 5280, which few of the authorities are that people make for tests
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._client = ClientSession(
            connector=TCPConnector(limit=0, ssl=context),
            cookie_jar=DummyCookieJar(),  # a balancer's would take all chargers to one node of the CSMS
            timeout=ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S),
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def gate(self, url: str) -> asyncio.Semaphore:
        """Limits the chargers that arrive at the CSMS of this URL at the same time."""
        host = urlsplit(url).netloc.rpartition("@")[2]
        gate = self._gates.get(host)
        if gate is None:
            gate = self._gates[host] = asyncio.Semaphore(ARRIVALS)
        return gate

    async def connect(
        self, url: str, identity: str, *, subprotocol: str, password: bytes | None, ping_s: float | None
    ) -> ClientWebSocketResponse:
        """An open socket. Raises aiohttp.ClientError, OSError or TimeoutError."""
        if self._client is None:
            raise ConnectionError("the uplink is closed")
        address, user, own_password = _split(url)
        secret = password or (own_password or self._password).encode()
        headers = {"Authorization": _basic(user or identity, secret)} if secret else {}
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return await self._client.ws_connect(
                f"{address.rstrip('/')}/{quote(identity, safe='')}",
                protocols=[subprotocol],
                headers=headers,
                heartbeat=ping_s or None,
                max_msg_size=MAX_FRAME_BYTES,
                timeout=ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            )


def _split(url: str) -> tuple[str, str, str]:
    """The URL without its credentials, and they."""
    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    return urlunsplit(parts._replace(netloc=host)), unquote(user), unquote(password)


def _basic(user: str, password: bytes) -> str:
    return "Basic " + b64encode(user.encode() + b":" + password).decode()
