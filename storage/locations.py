"""Sites in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.chargers import delete_chargers_at
from storage.lists import find
from storage.models import Location
from storage.paging import Sort
from storage.provision import Place, find_place
from storage.text import is_storable

NEWEST_FIRST = (Sort(Location.created_at, descending=True), Sort(Location.id, descending=True))


def locations() -> Select[Location]:
    """All sites of the session's tenant."""
    return select(Location)


async def get(session: AsyncSession, id: str, *, to_change: bool = False) -> Location | None:
    return await find(session, locations(), Location.id, id, to_change=to_change)


async def place_at(session: AsyncSession, id: str) -> Place | None:
    """A site as new chargers need it; until the commit, nobody deletes it. None when there is no such site."""
    if not is_storable(id):
        return None
    await session.execute(select(Location.id).where(Location.id == id).with_for_update(read=True, key_share=True))
    return await session.run_sync(find_place, id)


async def lock(session: AsyncSession, ids: Sequence[str]) -> None:
    """Until the commit, no charger comes to these sites or leaves them."""
    await session.execute(select(Location.id).where(Location.id.in_(ids)).order_by(Location.id).with_for_update())


async def remove(session: AsyncSession, ids: Sequence[str]) -> list[str]:
    """Deletes sites with what stands there; gives the ids of the chargers that went with them."""
    await lock(session, ids)  # a charger that came between the two deletions would lose its row, but not its station
    chargers = await delete_chargers_at(session, ids)
    await session.execute(delete(Location).where(Location.id.in_(ids)).execution_options(synchronize_session=False))
    return chargers
