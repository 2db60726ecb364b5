"""How much of one frame a charger reads: of a CALL what it advertises, held against it before its schema is.

A schema takes up to a quarter of a millisecond for each item of a list, and all chargers of the process wait meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleet.frames import Call, Result, Violation
from fleet.uplink import MAX_FRAME_BYTES

MAX_BYTES = 65_000  # three schedules of a hundred periods need a third of it
MAX_ANSWER_BYTES = 10_000  # the longest text that an answer's schema has, a certificate, needs half of it


@dataclass(frozen=True, slots=True)
class Bound:
    """The most bytes of a frame, and the most items of the list of this name."""

    max_bytes: int = MAX_BYTES
    list_name: str = ""
    max_items: int = 0


Bounds = Mapping[str, Bound]

ANY = Bound()
DATA_TRANSFER = Bound(MAX_FRAME_BYTES)  # its data is of any length, and of no list
LOCAL_LIST = Bound(250_000, "localAuthorizationList", 1_000)


def check(bounds: Bounds, call: Call, text: str | bytes) -> None:
    """Holds a request against the bound of its action. Raises Violation (OCPP 2.0.1 B05.FR.11, B06.FR.16-17)."""
    bound = bounds.get(call.action, ANY)
    _check_bytes(call.action, call.id, text, bound.max_bytes)
    items = call.payload.get(bound.list_name)
    if isinstance(items, list) and len(items) > bound.max_items:
        told = f"{bound.list_name}: more than {bound.max_items} items"
        raise Violation("OccurrenceConstraintViolation", told, call.id)


def check_answer(action: str, result: Result, text: str | bytes) -> None:
    """Holds what a CSMS answers to an action against the bound of answers. Raises Violation."""
    _check_bytes(action, result.id, text, MAX_FRAME_BYTES if action == "DataTransfer" else MAX_ANSWER_BYTES)


def _check_bytes(action: str, id: str, text: str | bytes, most: int) -> None:
    if len(text.encode() if isinstance(text, str) else text) > most:
        raise Violation("FormatViolation", f"{action}: more than {most} bytes", id)
