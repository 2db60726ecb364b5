"""Long lists in parts: one statement takes at most 32,766 values, and only so long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

AT_ONCE = 5_000  # values in one statement


def batches(items: Collection[Item], size: int = AT_ONCE) -> Iterator[Sequence[Item]]:
    """The items in order, at most `size` at a time."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
