"""What the README says of limits and tests is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schema import limits
from schema.serving import documents, requests, websocket
from settings import Settings

ROOT = Path(__file__).parents[1]
TEXT = " ".join((ROOT / "README.md").read_text().split())
LIMITS = {
    "levels": limits.MAX_DEPTH,
    "aliases": limits.MAX_ALIASES,
    "root fields": limits.MAX_ROOT_FIELDS,
    "directives": limits.MAX_DIRECTIVES,
    "fields": limits.MAX_FIELDS,
    "fragments": limits.MAX_FRAGMENTS,
    "operations": limits.MAX_OPERATIONS,
    "tokens": documents.MAX_TOKENS,
    "characters": documents.MAX_SOURCE_LENGTH,
    "operations at once": websocket.MAX_OPERATIONS,
    "streams each": Settings().max_streams,
}


@pytest.mark.parametrize("what", LIMITS)
def test_a_limit_is_as_the_readme_says(what: str) -> None:
    assert f" {LIMITS[what]:,} {what}" in TEXT


def test_the_sizes_and_times_of_connections_are_as_the_readme_says() -> None:
    assert f"a batch of up to {requests.MAX_BATCH}" in TEXT
    assert f"messages of up to {websocket.MAX_MESSAGE_BYTES // 1024} KiB" in TEXT
    assert f"has {websocket.INIT_S:g} s to begin and is pinged every {websocket.PING_S:g} s" in TEXT
    assert f"and cost {Settings().max_query_cost:,}" in TEXT


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))))
def test_a_test_that_the_readme_names_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


PRINTED = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.toml")]
PRINTED += [*(ROOT / "commands").rglob("*.py"), *(ROOT / "pages" / "static").iterdir(), ROOT / "rest" / "openapi.py"]


@pytest.mark.parametrize("file", PRINTED, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_command_is_printed_as_it_runs_after_make_run(file: Path) -> None:
    assert re.findall(r"(?<!\.venv/bin/)python3? (?:app\.py|-m) .*", file.read_text(errors="ignore")) == []
