"""What an operator sees of all tenants together."""

from __future__ import annotations

from errors import Forbidden
from resolvers.context import Context
from storage.counts import Counts, count_everything
from storage.session import ALL_TENANTS


async def get_counts(ctx: Context) -> Counts:
    """How many jobs, items, chargers and networks there are. Raises Forbidden to everyone but an admin."""
    if not ctx.is_admin:
        raise Forbidden("Only an admin token may see the counts of all organizations.")
    async with ctx.services.database.read(ALL_TENANTS) as session:
        return await count_everything(session)
