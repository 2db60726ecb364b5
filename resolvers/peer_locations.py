"""The locations of a network as its OCPI peers may read them."""

from __future__ import annotations

from errors import NotFound
from resolvers.context import Context
from storage import peer_locations as store
from storage.models import Cpo
from storage.peer_locations import PeerLocation, Slice


async def list_peer_locations(ctx: Context, cpo: Cpo, wanted: Slice) -> tuple[list[PeerLocation], int]:
    """The locations of a slice, oldest first, and how many there are without offset and limit."""
    async with ctx.read() as session:
        return await store.page(session, cpo.id, wanted), await store.count(session, cpo.id, wanted)


async def get_peer_location(ctx: Context, cpo: Cpo, location_id: str) -> PeerLocation:
    """One location of the network. Raises NotFound."""
    async with ctx.read() as session:
        found = await store.find(session, cpo.id, location_id)
    if found is None:
        raise NotFound("There is no such location in this network.")
    return found
