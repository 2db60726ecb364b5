"""Strawberry as most write it: ORM rows, a session for each resolver, DataLoaders, the view that comes with it.

python -m bench.as_usual URL PORT      (started by bench.graphql)
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import strawberry
import uvloop
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from strawberry.aiohttp.views import GraphQLView
from strawberry.dataloader import DataLoader

from bench.data import ORGANIZATION
from storage import models

POOL_SIZE = 16
Info = strawberry.Info[dict[str, Any], None]


@strawberry.type
class Evse:
    id: strawberry.ID
    evse_uid: str
    connector_type: str
    status: str


@strawberry.type
class Charger:
    id: strawberry.ID
    identity: str
    vendor_name: str
    model: str
    connector_type: str

    @strawberry.field
    async def evses(self, info: Info) -> list[Evse]:
        rows: list[Evse] = await info.context["evses"].load(self.id)
        return rows


@strawberry.type
class Chargers:
    nodes: list[Charger]


@strawberry.type
class Location:
    id: strawberry.ID
    slug: str
    name: str
    address: str
    city: str
    country: str
    timezone: str | None
    public: bool

    @strawberry.field
    async def chargers(self, info: Info) -> Chargers:
        return Chargers(nodes=await info.context["chargers"].load(self.id))


@strawberry.type
class Locations:
    nodes: list[Location]


@strawberry.type
class Query:
    @strawberry.field
    async def location(self, info: Info, id: strawberry.ID) -> Location | None:
        statement = select(models.Location).filter_by(organization_id=ORGANIZATION, id=id)
        async with info.context["sessions"]() as session:
            row: Location | None = await session.scalar(statement)
        return row

    @strawberry.field
    async def locations(self, info: Info, first: int = 50) -> Locations:
        model = models.Location
        statement = (
            select(model)
            .filter_by(organization_id=ORGANIZATION)
            .order_by(model.created_at.desc(), model.id.desc())
            .limit(first)
        )
        async with info.context["sessions"]() as session:
            return Locations(nodes=list(await session.scalars(statement)))


class View(GraphQLView[dict[str, Any], None]):
    """Strawberry's view, with loaders for each request."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        super().__init__(strawberry.Schema(Query))
        self._sessions = sessions

    async def get_context(self, request: web.Request, response: web.StreamResponse) -> dict[str, Any]:
        charger, evse = models.Charger, models.Evse
        newest_first = (charger.created_at.desc(), charger.id.desc())
        return {
            "sessions": self._sessions,
            "chargers": self._loader(select(charger).order_by(*newest_first), charger.location_id),
            "evses": self._loader(select(evse).order_by(evse.connector_number), evse.charger_id),
        }

    def _loader(self, statement: Any, key: Any) -> DataLoader[str, list[Any]]:
        async def load(keys: Sequence[str]) -> list[list[Any]]:
            found = defaultdict(list)
            async with self._sessions() as session:
                for row in await session.scalars(
                    statement.filter_by(organization_id=ORGANIZATION).where(key.in_(keys))
                ):
                    found[getattr(row, key.key)].append(row)
            return [found[each] for each in keys]

        return DataLoader(load)


def main(url: str, port: int) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=POOL_SIZE)
    app = web.Application()
    app.router.add_route("*", "/graphql", View(async_sessionmaker(engine, expire_on_commit=False)))
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
