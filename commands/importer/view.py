"""What the import prints: a live bar on a terminal, plain lines elsewhere, and the tables at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from commands.importer.rows import UnusableFile
from commands.importer.run import Failure

PLAIN_PERIOD_S = 2.0
SHOWN_FAILURES = 50
SHOWN_REASON = 120
SHOWN_NAME = 40
PLAIN_WIDTH = 200  # without a terminal nothing knows a width; lines are read by people and by grep


def make_console() -> Console:
    """Standard output, in full width where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


class PlainView:
    """A line from time to time."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._shown_at = -PLAIN_PERIOD_S
        self._shown = ""

    def note(self, text: str) -> None:
        self._console.print(Text(text))

    def show(self, done: int, failed: int) -> None:
        text = f"{done} of {self._total} sites, {failed} failed"
        is_due = done == self._total or time.monotonic() - self._shown_at >= PLAIN_PERIOD_S
        if is_due and text != self._shown:
            self._shown_at, self._shown = time.monotonic(), text
            self._console.print(text)


class LiveView:
    """A bar that moves with the job's events."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task("importing", total=total, failed=0)

    def note(self, text: str) -> None:
        self._bar.console.print(Text(text))

    def show(self, done: int, failed: int) -> None:
        self._bar.update(self._task, completed=done, failed=failed)


@contextmanager
def view_of(console: Console, total: int) -> Iterator[PlainView | LiveView]:
    """The view that suits the console."""
    if not console.is_terminal:
        yield PlainView(console, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("sites, {task.fields[failed]} failed"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        yield LiveView(bar, total)


def print_outcome(console: Console, created: int, failures: Sequence[Failure], elapsed_s: float) -> None:
    """The table of what was created and what was not, with the first failures line by line."""
    summary = Table("result", "sites", "reason")
    summary.columns[1].justify = "right"
    summary.add_row("created", str(created), f"in {elapsed_s:.1f} s")
    for (code, reason), count in Counter((failure.code, failure.reason) for failure in failures).most_common(10):
        summary.add_row("failed", str(count), _told(code, reason))
    if failures:
        summary.add_row("failed", str(len(failures)), "in all")
    console.print(summary)
    if failures:
        console.print(_table_of(_in_order(failures)[:SHOWN_FAILURES]))
    if len(failures) > SHOWN_FAILURES:
        console.print(f"… and {len(failures) - SHOWN_FAILURES} more; --report FILE writes all of them.")


def check_report(path: Path) -> None:
    """Raises UnusableFile where a report can't be written, before there is anything to tell in it."""
    try:
        path.open("ab").close()
    except OSError as exc:
        raise UnusableFile(f"{path} can't be written: {exc.strerror}") from exc


def write_report(path: Path, failures: Sequence[Failure]) -> None:
    """Every failure as a line of NDJSON: the row with an `_import` key, so that it can be mended and imported."""
    with path.open("wb") as file:
        for failure in _in_order(failures):
            told: dict[str, Any] = {"line": failure.row.line, "code": failure.code, "reason": failure.reason}
            if failure.row.number is not None:
                told["number"] = failure.row.number
            if failure.row.text is not None:
                told["text"] = failure.row.text
            file.write(orjson.dumps({**failure.row.site, "_import": told}) + b"\n")


def _told(code: str, reason: str) -> Text:
    text = f"{code}: {reason}"
    return Text(text if len(text) <= SHOWN_REASON else f"{text[: SHOWN_REASON - 1]}…")


def _in_order(failures: Sequence[Failure]) -> list[Failure]:
    """The failures as their rows stand in the file."""
    return sorted(failures, key=lambda failure: (failure.row.line, failure.row.known_as))


def _table_of(failures: Sequence[Failure]) -> Table:
    """Line and reason of each; elements of an array, which may share a line, have a number too."""
    place = ("line", "number") if any(failure.row.number for failure in failures) else ("line",)
    table = Table(*place, "name", "reason", title="not created", title_justify="left")
    for column in table.columns[: len(place)]:
        column.justify = "right"
    for failure in failures:
        row = failure.row
        stands = (str(row.line), str(row.number or ""))[: len(place)]
        name = str(row.site.get("name") or row.text or "")
        table.add_row(*stands, Text(name[:SHOWN_NAME]), _told(failure.code, failure.reason))
    return table
