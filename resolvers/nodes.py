"""Finds any row by its id alone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from resolvers.chargers import find_charger, find_evse
from resolvers.context import Context
from resolvers.cpos import find_cpo
from resolvers.jobs import find_job
from resolvers.locations import find_location
from resolvers.ocpi_locations import find_ocpi_location

Finder = Callable[[Context, str], Awaitable[Any]]

# who to ask for an id of this form, one after the other
FINDERS: Sequence[tuple[str, Sequence[Finder]]] = (
    ("loc-.*", [find_ocpi_location]),
    ("dep-.*", [find_charger]),
    ("[0-9]+", [find_cpo]),
    (".*", [find_location, find_job, find_evse]),
)


async def find_node(ctx: Context, id: str) -> Any:
    """The location, OCPI location, charger, EVSE, network or job with this id, None where there is none."""
    finders = next(finders for form, finders in FINDERS if re.fullmatch(form, id, re.DOTALL))
    for find in finders:
        if (row := await find(ctx, id)) is not None:
            return row
    return None
