"""How fields are declared: a description always, a permission on everything that writes or streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry import Parent
from strawberry.permission import BasePermission

from resolvers.context import Context

Info = strawberry.Info[Context, None]
Resolver = TypeVar("Resolver", bound=Callable[..., Any])

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
INPUT = strawberry.argument(description="What to do, and to what.")

EMBEDDED = "embedded"  # metadata of a field whose object has its values from the same row


class TenantMember(BasePermission):
    """Lets in who has a valid token and an organization; the context raises what is missing."""

    def has_permission(self, source: object, info: Info, **kwargs: object) -> bool:
        return bool(info.context.tenant)


def attribute(description: str, graphql_type: Any = None, *, name: str | None = None) -> Any:
    """A field that is the row's attribute of the same name."""
    return strawberry.field(description=description, graphql_type=graphql_type, name=name)


def field(description: str, graphql_type: Any = None) -> Callable[[Resolver], Any]:
    """A field that a function resolves; the row it is a field of comes as `self`."""
    return lambda resolver: strawberry.field(resolver=resolver, description=description, graphql_type=graphql_type)


def mutation(description: str) -> Callable[[Resolver], Any]:
    """A mutation for members of an organization."""
    return lambda resolver: strawberry.mutation(
        resolver=resolver, description=description, permission_classes=[TenantMember]
    )


def subscription(description: str, graphql_type: Any) -> Callable[[Resolver], Any]:
    """A subscription for members of an organization."""
    return lambda resolver: strawberry.subscription(
        resolver=resolver, description=description, graphql_type=graphql_type, permission_classes=[TenantMember]
    )


def embedded(description: str) -> Any:
    """An object field whose values stand in the same row."""
    return strawberry.field(resolver=_same_row, description=description, metadata={EMBEDDED: True})


def lazy(name: str, module: str) -> Any:
    """A type of another file of this schema, which may import this one."""
    return Annotated[name, strawberry.lazy(f"schema.{module}")]


def _same_row(root: Parent[Any]) -> Any:
    return root
