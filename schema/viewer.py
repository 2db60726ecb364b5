"""Who is asking."""

from __future__ import annotations

import strawberry

from resolvers.auth import Principal, Role
from schema.fields import Info, attribute, field


@strawberry.type(description="Whoever holds the token of this request.")
class Viewer:
    subject: str = attribute("The token's subject.")
    role: Role = attribute("What the token allows.")
    organization_id: strawberry.ID | None = attribute(
        "The organization of this request; null for an admin without one."
    )


@strawberry.type
class ViewerQuery:
    @field("Who is asking.", Viewer)
    def viewer(self, info: Info) -> Principal:
        return info.context.principal
