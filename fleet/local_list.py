"""The local authorization list, which a CSMS sends in full or by its differences (OCPP 1.6 §3.5.2, 2.0.1 D01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.memory import folded
from fleet.station import Station

MAX_ENTRIES = 10_000

Entry = dict[str, Any]


def replace(station: Station, version: int, entries: Mapping[str, Entry]) -> None:
    """The list is these entries now; tokens on it are no longer cached."""
    station.memory.local_list = {folded(token): entry for token, entry in entries.items()}
    _set_version(station, version)


def receive(station: Station, version: int, entries: Mapping[str, Entry | None], *, full: bool) -> str:
    """Takes what the CSMS sent, the list in full or its differences; gives the status, alike in both versions.

    Of differences None removes an entry, and those that would make the list too long leave it as it was.
    """
    if version <= 0:
        return "Failed"
    if full:
        replace(station, version, {token: entry for token, entry in entries.items() if entry is not None})
        return "Accepted"
    if version <= station.memory.list_version:
        return "VersionMismatch"
    return "Accepted" if _change(station, version, entries) else "Failed"


def _change(station: Station, version: int, entries: Mapping[str, Entry | None]) -> bool:
    changed = {**station.memory.local_list, **{folded(token): entry for token, entry in entries.items()}}
    left = {token: entry for token, entry in changed.items() if entry is not None}
    if len(left) > MAX_ENTRIES:
        return False
    station.memory.local_list = left
    _set_version(station, version)
    return True


def _set_version(station: Station, version: int) -> None:
    station.memory.list_version = version
    for token in station.memory.local_list.keys() & station.memory.tokens.keys():
        del station.memory.tokens[token]
    station.changed()
