"""Sites in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.chargers import delete_chargers_at
from storage.models import Location
from storage.paging import Sort
from storage.text import is_storable

NEWEST_FIRST = (Sort(Location.created_at, descending=True), Sort(Location.id, descending=True))


def locations() -> Select[Location]:
    """All sites of the session's tenant."""
    return select(Location)


async def get(session: AsyncSession, id: str) -> Location | None:
    if not is_storable(id):
        return None
    return (await session.scalars(locations().where(Location.id == id))).one_or_none()


async def remove(session: AsyncSession, ids: Sequence[str]) -> list[str]:
    """Deletes sites with what stands there; gives the ids of the chargers that went with them."""
    # locked first: a charger that came between the two deletions would lose its row, but not its station
    await session.execute(select(Location.id).where(Location.id.in_(ids)).order_by(Location.id).with_for_update())
    chargers = await delete_chargers_at(session, ids)
    await session.execute(delete(Location).where(Location.id.in_(ids)).execution_options(synchronize_session=False))
    return chargers
