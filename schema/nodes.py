"""The Node interface, and how GraphQL types find out which rows are theirs."""

from __future__ import annotations

from typing import Any, ClassVar

import strawberry

from resolvers.nodes import find_node
from schema.fields import Id, Info, attribute, field


@strawberry.interface(description="Anything with an id that `node` finds again.")
class Node:
    row: ClassVar[type[Any]]

    id: strawberry.ID = attribute("Opaque; the same in REST.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, cls.row)


@strawberry.type
class NodeQuery:
    @field("Whatever has this id.", Node | None)
    async def node(self, info: Info, id: Id) -> Any:
        return await find_node(info.context, id)
