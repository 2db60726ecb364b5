"""A small load generator: connections that send ready-made requests and do nothing with the answers but count them.

Reads a JSON `Load` from standard input and prints how many answers a second came. It runs as a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any
from urllib.parse import SplitResult, urlsplit

import uvloop

CONNECTIONS = 16
WARM_UP_S = 0.3
LEAST = 4 * CONNECTIONS  # answers to count: slow servers answer the connections in waves
LONGEST = 5  # times the seconds that were asked for, if so few come
END_S = 30  # for the last answers: a server whose clients leave has to clean up, which the next one would pay for
LAST_CHUNK = b"0\r\n\r\n"


def rate(url: str, headers: Mapping[str, str], bodies: Sequence[Any], seconds: float) -> float:
    """Answers a second to these bodies, posted in turns over all connections; None stands for a GET."""
    load = {"url": url, "headers": dict(headers), "bodies": list(bodies), "seconds": seconds}
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"], input=json.dumps(load).encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return float(done.stdout)


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as an answer is complete."""

    def __init__(self, requests: Sequence[bytes], offset: int) -> None:
        self._requests = cycle([*requests[offset:], *requests[:offset]])
        self._head = b""
        self._missing: int | None = None  # bytes of the answer; None before its head is read, -1 where it is chunked
        self.answered = 0
        self._is_ending = False
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            data = self._begin(data)
        if self._missing is None:
            return
        if self._missing >= 0:
            self._missing -= len(data)
        if self._missing == 0 or (self._missing < 0 and data.endswith(LAST_CHUNK)):
            self._missing = None
            self._head = b""
            self.answered += 1
            if self._is_ending:
                self._transport.close()
            else:
                self._transport.write(next(self._requests))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.lost.done():
            return
        if self._is_ending and exc is None:
            self.lost.set_result(None)
        else:
            self.lost.set_exception(exc or ConnectionError("the server closed a connection"))

    def end(self) -> asyncio.Future[None]:
        """Sends no more requests; done when the answer to the last one has come."""
        self._is_ending = True
        return self.lost

    def _begin(self, data: bytes) -> bytes:
        """Reads the head of an answer once it is there; gives what came of the body."""
        head, end, rest = (self._head + data).partition(b"\r\n\r\n")
        if not end:
            self._head += data
        elif not head.startswith(b"HTTP/1.1 200"):
            self.lost.set_exception(RuntimeError(f"{head.decode()}\n{rest.decode()}"))
        else:
            found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            self._missing = int(found.group(1)) if found else -1
        return rest


async def _run(url: str, headers: Mapping[str, str], bodies: Sequence[Any], seconds: float) -> float:
    where = urlsplit(url)
    requests = [_request(where, headers, body) for body in bodies]
    loop = asyncio.get_running_loop()
    connections = []
    for number in range(CONNECTIONS):
        offset = number * len(requests) // CONNECTIONS
        _, connection = await loop.create_connection(
            lambda offset=offset: _Connection(requests, offset),  # type: ignore[misc]  # mypy can't see its type
            where.hostname or "", where.port or 80,
        )  # fmt: skip
        connections.append(connection)

    async def answered_in(seconds: float) -> tuple[int, float]:
        before, started = sum(each.answered for each in connections), time.perf_counter()
        lost, _ = await asyncio.wait(
            [each.lost for each in connections], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for each in lost:
            each.result()
        return sum(each.answered for each in connections) - before, time.perf_counter() - started

    await answered_in(WARM_UP_S)
    count, taken = await answered_in(seconds)
    while count < LEAST and taken < LONGEST * seconds:
        more, longer = await answered_in(seconds)
        count, taken = count + more, taken + longer
    async with asyncio.timeout(END_S):
        await asyncio.gather(*(each.end() for each in connections))
    return count / taken


def _request(where: SplitResult, headers: Mapping[str, str], body: Any) -> bytes:
    path = where._replace(scheme="", netloc="").geturl() or "/"
    fields, sent = {"Host": where.netloc, **headers}, b""
    if body is not None:
        sent = json.dumps(body).encode()
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(sent))}
    head = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", *(f"{name}: {fields[name]}" for name in fields)]
    return "\r\n".join([*head, "", ""]).encode() + sent


if __name__ == "__main__":
    print(uvloop.run(_run(**json.load(sys.stdin))))
