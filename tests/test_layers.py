"""Imports go one way, and the few things that only one room may do are done nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

# from the top down; rooms of one level do not know each other, except for the command line and what it starts
LEVELS = [
    {"app", "commands"},
    {"rest", "ocpi", "pages", "metrics", "jobs", "fleet"},
    {"schema"},
    {"edge"},
    {"answers"},
    {"resolvers"},
]
LEVELS += [{"storage"}, {"settings"}, {"errors"}]
LEVEL = {room: number for number, level in enumerate(LEVELS) for room in level}
FREE = LEVELS[0]

# the messages of OCPP are the protocol's own
PROTOCOL = ("fleet/alike.py", "fleet/v16/", "fleet/v201/")

SOURCES = [
    file for room in LEVEL for file in [ROOT / f"{room}.py", *sorted((ROOT / room).rglob("*.py"))] if file.exists()
]


def test_imports_go_one_way() -> None:
    assert [each for each in _imports() if not _may_import(*each)] == []


def test_the_protocol_knows_only_the_fleet_and_the_errors() -> None:
    ours = [(file, name) for file, name in _imports() if file.startswith(PROTOCOL) and _room(name) in LEVEL]

    assert [each for each in ours if _room(each[1]) not in {"fleet", "errors"}] == []


def test_only_storage_makes_engines_and_sessions() -> None:
    makers = {"create_engine", "create_async_engine", "sessionmaker", "async_sessionmaker", "asyncpg", "sqlite3"}

    uses = [(file, name) for file, name in _imports() if makers & set(name.split("."))]

    assert [each for each in uses if not each[0].startswith("storage/")] == []


def test_only_the_settings_read_the_environment() -> None:
    reads = [
        (_path(file), node.lineno)
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]

    assert reads == []


def _may_import(file: str, name: str) -> bool:
    room, other = _room(file.replace("/", ".")), _room(name)
    if other not in LEVEL or other == room:
        return True
    return LEVEL[room] < LEVEL[other] or (room in FREE and other in FREE)


def _imports() -> Iterator[tuple[str, str]]:
    """Each file of ours with the dotted name of each thing that it imports."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from ((_path(file), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((_path(file), f"{node.module}.{alias.name}") for alias in node.names)


def _path(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _room(name: str) -> str:
    return name.partition(".")[0]
