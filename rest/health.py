"""Whether the gateway lives."""

from __future__ import annotations

from resolvers.context import Context


async def health_check(ctx: Context) -> dict[str, str]:
    """Whether the process answers; says nothing about the database."""
    return {"status": "ok"}
