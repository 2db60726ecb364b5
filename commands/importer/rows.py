"""Reads the sites of a file, each with its line. A row that can't be read never costs its neighbours."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import orjson

GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 2**13  # where a file is damaged, what is unpacked at once is lost at once
SHOWN_TEXT = 2_000  # characters of an unreadable row that its report repeats
LAST_NUMBER = 2**31  # no file has more rows

TEXTS = ("name", "address", "city", "country")
REQUIRED = (*TEXTS, "coordinates")
OPTIONAL = ("timezone", "owner_name", "public", "parking_type")
COLUMNS = (*TEXTS, "latitude", "longitude")
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

_BLANK = re.compile(r"\s*")


class UnusableFile(Exception):
    """The file can't be read at all; the text says why."""


@dataclass(frozen=True)
class Row:
    """One site as REST spells it, without what the API does not know; or the problem with the line."""

    line: int
    site: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None
    text: str | None = None
    number: int | None = None  # of an element in its array, or what a report says that the row was known as

    @property
    def known_as(self) -> int:
        """What tells the row from the others of its file, and stays its own when it is mended and imported again."""
        return self.line if self.number is None else self.number


@dataclass(frozen=True)
class Source:
    """A file that was read to its end. `digest` names its content, packed or not."""

    digest: str
    rows: list[Row]


def read_source(path: Path) -> Source:
    """Reads NDJSON, a JSON array, or CSV (by its name), each plain or gzipped. Raises UnusableFile."""
    content, is_damaged = _content(path)
    is_csv = path.name.lower().removesuffix(".gz").endswith(".csv")
    if is_csv and is_damaged:
        content = content[: content.rfind(b"\n") + 1]  # a record that was cut can look like a whole one
    if is_damaged and not content:
        raise UnusableFile(f"{path} is damaged, and nothing of it can be read")
    is_array = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    rows = list(_csv(content) if is_csv else _array(content) if is_array else _lines(content))
    if is_damaged:
        rows.append(Row(content.count(b"\n") + 1, problem="the file is damaged from here on"))
    return Source(sha256(content).hexdigest(), rows)


def _content(path: Path) -> tuple[bytes, bool]:
    """All that can be unpacked, and whether that is not all there was."""
    content = bytearray()
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        with gzip.open(path) if is_packed else path.open("rb") as data:
            while chunk := data.read1(CHUNK_BYTES):
                content += chunk
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return bytes(content), True
    except OSError as exc:
        raise UnusableFile(f"{path} can't be read: {exc.strerror}") from exc
    return bytes(content), False


def _lines(content: bytes) -> Iterator[Row]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _row(number, orjson.loads(line))
        except orjson.JSONDecodeError as exc:
            yield _unreadable(number, f"is not JSON: {exc.msg}", line.decode(errors="replace"))


def _array(content: bytes) -> Iterator[Row]:
    """A broken element ends the reading: where the next one begins can't be known."""
    text, line, last = content.decode("utf-8-sig", errors="surrogateescape"), 1, 0
    numbers = count(1)
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    at = text.index("[") + 1
    while True:
        at = _skipped(text, at)
        line, last = line + text.count("\n", last, at), at
        if text[at : at + 1] == "]":
            yield from _behind(text, at + 1, line)
            return
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield _unreadable(line, "is not JSON, and the rest of the file could not be read", text[at:])
            return
        yield _row(line, document, next(numbers))
        at = _skipped(text, at)
        if text[at : at + 1] == ",":
            at += 1


def _behind(text: str, end: int, line: int) -> Iterator[Row]:
    """What follows the end of an array, such as the array of a second file: a problem, where it is not blank."""
    at = _skipped(text, end)
    if at < len(text):
        line += text.count("\n", end, at)
        yield _unreadable(line, "stands behind the end of the array, and was not read", text[at:])


def _csv(content: bytes) -> Iterator[Row]:
    text = content.decode("utf-8-sig", errors="surrogateescape")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = [cell.strip().lower() for cell in next(reader, [])]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise UnusableFile(f"the first line must name the columns; these are missing: {', '.join(missing)}")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as exc:
            yield _unreadable(line, f"is not CSV: {exc}", None)
            continue
        if cells is None:
            return
        if cells:
            yield _csv_row(line, header, cells, delimiter)


def _csv_row(line: int, header: Sequence[str], cells: Sequence[str], delimiter: str) -> Row:
    text = delimiter.join(cells)
    if len(cells) != len(header):
        return _unreadable(line, f"has {len(cells)} cells where the header has {len(header)}", text)
    given = dict(zip(header, cells, strict=True))
    site: dict[str, Any] = {name: given[name] for name in (*TEXTS, *OPTIONAL) if given.get(name)}
    try:
        site["coordinates"] = {name: _degrees(name, given[name]) for name in ("latitude", "longitude")}
        if given.get("public"):
            site["public"] = _boolean(given["public"])
    except ValueError as exc:
        return _unreadable(line, str(exc), text)
    return _row(line, site)


def _row(line: int, document: Any, number: int | None = None) -> Row:
    if not isinstance(document, dict):
        return _unreadable(line, "is not a JSON object", json.dumps(document), number)
    number = _told_number(document.get("_import")) or number
    site = {name: document[name] for name in (*REQUIRED, *OPTIONAL) if document.get(name) is not None}
    if isinstance(site.get("coordinates"), dict):
        site["coordinates"] = {k: v for k, v in site["coordinates"].items() if k in {"latitude", "longitude"}}
    missing = [name for name in REQUIRED if name not in site]
    if missing:
        return Row(line, site, problem=f"has no {' and no '.join(missing)}", number=number)
    try:
        orjson.dumps(site)
    except orjson.JSONEncodeError as exc:
        return _unreadable(line, f"can't be sent: {exc}", json.dumps(document), number)
    return Row(line, site, number=number)


def _told_number(report: Any) -> int | None:
    """What a row was known as in the file that it was reported of, by its `_import` key; None without one."""
    told = report.get("number", report.get("line")) if isinstance(report, dict) else None
    return told if type(told) is int and 0 < told <= LAST_NUMBER else None


def _unreadable(line: int, problem: str, text: str | None, number: int | None = None) -> Row:
    shown = None if text is None else text[:SHOWN_TEXT].encode(errors="replace").decode()
    return Row(line, problem=problem, text=shown, number=number)


def _degrees(name: str, cell: str) -> float:
    try:
        degrees = float(cell)
    except ValueError:
        degrees = math.nan
    if not math.isfinite(degrees):
        raise ValueError(f"{name} is not a number")
    return degrees


def _boolean(cell: str) -> bool:
    if cell.strip().lower() not in BOOLEANS:
        raise ValueError("public must be true or false")
    return BOOLEANS[cell.strip().lower()]


def _skipped(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
