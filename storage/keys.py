"""The keys that a unit's ids are made of: known before it is written, the same at each attempt, and in order.

A key is a UUID of version 8 (RFC 9562 §5.8): the millisecond of its job, 32 bits of the job's id, then the numbers of
the item, the charger and the connector. So the rows of a job stand side by side in every index; scattered ones would
touch a page of it each.
"""

from __future__ import annotations

from uuid import UUID

ITEM_BITS, CHARGER_BITS, CONNECTOR_BITS = 20, 18, 4

_NUMBER_BITS = ITEM_BITS + CHARGER_BITS + CONNECTOR_BITS
_MILLISECOND = (2**48 - 1) << 80
_VERSION_AND_VARIANT = (8 << 76) | (2 << 62)


def item_key(job_id: str, index: int) -> UUID:
    """The key of a job's item; those of a site's chargers and their connectors follow it."""
    job = UUID(job_id).int
    upper, lower = job >> 20 & 0xFFF, job & 0xFFFFF  # bits of the job's id that are random
    return UUID(
        int=(job & _MILLISECOND)
        | _VERSION_AND_VARIANT
        | upper << 64
        | lower << _NUMBER_BITS
        | index << CHARGER_BITS + CONNECTOR_BITS
    )


def charger_key(item: UUID, position: int) -> UUID:
    """The key of a site's charger, by its position in the request."""
    return UUID(int=item.int + (position << CONNECTOR_BITS))


def connector_key(charger: UUID, number: int) -> UUID:
    """The key of a charger's connector, which are numbered from 1."""
    return UUID(int=charger.int + number)
