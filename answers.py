"""Answers in JSON: their compression, their entity tags, and the short way that most of them take to the socket."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from aiohttp import HttpVersion11, hdrs, web, web_response
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from pydantic_core import to_json

SERVER = "Chargeyard"
# aiohttp names its own version and Python's to everyone, also where bytes are no HTTP, and has no setting for it
web_response.SERVER_SOFTWARE = SERVER  # type: ignore[attr-defined]  # the only place that every response passes

JSON_HEAD = "Content-Type: application/json\r\n"
COMPRESS_FROM_BYTES = 1024  # below this gzip costs more than it saves
_GZIP_ACCEPTED = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)


class JsonAnswer(web.Response):
    """A response whose header fields stand in `head`, as lines, until it goes out.

    aiohttp's way from a response to its bytes takes longer than a small read. What most clients ask for, the whole
    answer as it is over a connection that stays, is written here in one piece; anything else takes aiohttp's way.
    """

    def __init__(self, body: bytes, status: int, head: str) -> None:
        super().__init__(body=body, status=status)
        self.head = head
        self._bytes = body
        self._is_plain = True
        self._direct: AbstractStreamWriter | None = None

    def compress(self) -> None:
        """Has the body sent as gzip."""
        self.enable_compression(web.ContentCoding.gzip)
        self._is_plain = False

    def force_close(self) -> None:
        super().force_close()
        self._is_plain = False

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        if self._is_plain and request.keep_alive and request.version == HttpVersion11 and request.method != "HEAD":
            self._direct = request.writer
            return self._direct
        self.headers.extend(_fields(self.head))
        return await super().prepare(request)

    async def write_eof(self, data: bytes = b"") -> None:
        if self._direct is None:
            await super().write_eof(data)
            return
        await self._direct.write_eof(
            (
                f"HTTP/1.1 {self.status} {self.reason}\r\n{self.head}Content-Length: {len(self._bytes)}\r\n"
                f"Date: {_date(int(time.time()))}\r\nServer: {SERVER}\r\n\r\n"
            ).encode("utf-8", "surrogateescape")
            + self._bytes
        )

    @property
    def keep_alive(self) -> bool | None:
        return super().keep_alive if self._direct is None else True

    @property
    def body_length(self) -> int:
        return super().body_length if self._direct is None else len(self._bytes)


def json_answer(request: web.Request, body: bytes, status: int = 200, head: str = JSON_HEAD) -> JsonAnswer:
    """A JSON response, compressed where it is large and the client takes gzip."""
    answer = JsonAnswer(body, status, head)
    if len(body) >= COMPRESS_FROM_BYTES:
        answer.head += "Vary: Accept-Encoding\r\n"
        if _GZIP_ACCEPTED.search(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
            answer.compress()
    return answer


def error_answer(request: web.Request, status: int, detail: Any, **others: Any) -> JsonAnswer:
    """The one error body of everything but GraphQL and OCPI."""
    return json_answer(request, to_json({"detail": detail, **others}), status)


def add_lines(response: web.StreamResponse, lines: str) -> None:
    """Adds header fields, a line for each, to a response that is not on its way yet."""
    if isinstance(response, JsonAnswer):
        response.head += lines
    else:
        response.headers.extend(_fields(lines))


def line(name: str, value: str) -> str:
    """The line of a header field. Raises ValueError for a value that would end it."""
    if "\r" in value or "\n" in value:
        raise ValueError(f"the header field {name} can't have line breaks")
    return f"{name}: {value}\r\n"


def lines(fields: Mapping[str, str]) -> str:
    """The lines of header fields."""
    return "".join(line(name, value) for name, value in fields.items())


def revalidated(request: web.Request, response: web.Response) -> web.Response:
    """The response with its entity tag, or 304 where the client has it already (RFC 9110 §13.1.2).

    The tag is weak because the same body may travel compressed or not.
    """
    assert isinstance(response.body, bytes)
    tag = f'W/"{blake2b(response.body, digest_size=12).hexdigest()}"'
    known = request.headers.get("If-None-Match", "")
    if known.strip() == "*" or _opaque(tag) in {_opaque(each) for each in known.split(",")}:
        response = web.Response(status=304)
    add_lines(response, f"ETag: {tag}\r\nCache-Control: private, no-cache\r\n")
    return response


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/")


def _fields(lines: str) -> list[tuple[str, str]]:
    parted = (line.partition(": ") for line in lines.split("\r\n")[:-1])
    return [(name, value) for name, _, value in parted]


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
