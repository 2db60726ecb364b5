"""The local authorization list, which a CSMS sends in full or by its differences (OCPP 1.6 §3.5.2, 2.0.1 D01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.memory import folded
from fleet.station import Station

Entry = dict[str, Any]


def replace(station: Station, version: int, entries: Mapping[str, Entry]) -> None:
    """The list is these entries now; tokens on it are no longer cached."""
    station.memory.local_list = {folded(token): entry for token, entry in entries.items()}
    _set_version(station, version)


def change(station: Station, version: int, entries: Mapping[str, Entry | None]) -> None:
    """Adds or changes entries; None removes one."""
    for token, entry in entries.items():
        if entry is None:
            station.memory.local_list.pop(folded(token), None)
        else:
            station.memory.local_list[folded(token)] = entry
    _set_version(station, version)


def _set_version(station: Station, version: int) -> None:
    station.memory.list_version = version
    for token in station.memory.local_list.keys() & station.memory.tokens.keys():
        del station.memory.tokens[token]
    station.changed()
