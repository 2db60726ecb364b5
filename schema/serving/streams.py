"""Answers that go on: server-sent events (graphql-sse, distinct connections) and Apollo's multipart subscriptions.

Every stream, WebSockets included, ends when its token does and when the server stops, and counts against the number
that one organization and one address may have open.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from errors import RateLimited
from resolvers.auth import Principal
from schema.serving.accept import EVENT_STREAM, MULTIPART
from schema.serving.operations import Answer

PAUSE_S = 12.0  # proxies cut connections that are silent for longer than 30 to 60 s
RETRY_S = 10

PART = b"\r\n--graphql\r\nContent-Type: application/json\r\n\r\n"

Answers = AsyncGenerator[Answer, None]


@dataclass(frozen=True)
class Framing:
    """How a media type carries answers: what stands around each, what shows life meanwhile, and what ends them."""

    content_type: str
    before: bytes
    after: bytes
    idle: bytes
    end: bytes


FRAMINGS = {
    EVENT_STREAM: Framing(
        "text/event-stream; charset=utf-8",
        b"event: next\ndata: ",
        b"\n\n",
        b":\n\n",
        b"event: complete\ndata: \n\n",
    ),
    MULTIPART: Framing(
        'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
        PART + b'{"payload":',
        b"}",
        PART + b"{}",
        b"\r\n--graphql--\r\n",
    ),
}


class Streams:
    """The streams that this process has open."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ends: set[asyncio.Timeout] = set()
        self._open: Counter[str] = Counter()
        self.is_closing = False

    @contextmanager
    def admitted(self, owner: str) -> Iterator[None]:
        """Counts one more stream of an organization or address. Raises RateLimited over the limit."""
        if self._open[owner] >= self._most:
            raise RateLimited(f"There are {self._most} open streams already.", retry_after_s=RETRY_S)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]

    @asynccontextmanager
    async def until(self, seconds: float | None) -> AsyncIterator[asyncio.Timeout]:
        """Runs its block for so long at most. Raises TimeoutError then, and when the server stops."""
        async with asyncio.timeout(0 if self.is_closing else seconds) as end:
            self._ends.add(end)
            try:
                yield end
            finally:
                self._ends.discard(end)

    def close(self) -> None:
        """Ends them all."""
        self.is_closing = True
        now = asyncio.get_running_loop().time()
        for end in self._ends:
            end.reschedule(now)


def seconds_left(principal: Principal) -> float:
    """How long the principal's token is still good."""
    return max(0.0, (principal.expires_at - datetime.now(UTC)).total_seconds())


def owner(principal: Principal) -> str:
    """Whose stream it is."""
    return principal.organization_id or principal.subject


async def send(response: web.StreamResponse, framing: Framing, answers: Answers) -> None:
    """Writes the answers into a response that has begun."""
    async with aclosing(_paced(answers)) as paced:
        async for answer in paced:
            if answer is None:
                await response.write(framing.idle)
                continue
            body = answer.body.replace(b"\n", b"")  # PostgreSQL puts each row on a line, and events have just one
            await response.write(framing.before + body + framing.after)
    await response.write(framing.end)


async def _paced(answers: Answers) -> AsyncGenerator[Answer | None, None]:
    """The answers as they come, and None whenever none came for a while."""
    following = asyncio.ensure_future(anext(answers, None))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=PAUSE_S)
            if not done:
                yield None
                continue
            answer = following.result()
            if answer is None:
                return
            yield answer
            following = asyncio.ensure_future(anext(answers, None))
    finally:
        following.cancel()
        await asyncio.wait({following})
        await answers.aclose()
