"""Relay connections: pages of rows with their cursors, and a count that is taken only when asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from schema.fields import attribute, field
from storage.paging import Page, encode

Node = TypeVar("Node")

First = Annotated[int | None, strawberry.argument(description="How many from the start, 1 to 100; 50 if not given.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@dataclass(frozen=True)
class RowEdge:
    """A row with its cursor."""

    cursor: str
    node: Any


@dataclass(frozen=True)
class Rows:
    """What a connection is resolved from: a page, and how to count all rows of the list."""

    page: Page[Any]
    count: Callable[[], Awaitable[int]]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = attribute("Whether more follows.")
    has_previous_page: bool = attribute("Whether something comes before.")
    start_cursor: str | None = attribute("The cursor of the first node of the page.")
    end_cursor: str | None = attribute("The cursor of the last node of the page.")


@strawberry.type(description="A node and its place in the list.")
class Edge(Generic[Node]):
    cursor: str = attribute("Give it as `after` or `before` to go on from here.")
    node: Node = attribute("What the list is of.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    @field("The nodes of the page, each with its cursor.")
    def edges(self) -> list[Edge[Node]]:
        page: Page[Any] = self.page  # type: ignore[attr-defined]  # it is a Rows
        return [RowEdge(encode(row, page.order), row) for row in page.rows]  # type: ignore[misc]

    @field("The nodes of the page.")
    def nodes(self) -> list[Node]:
        return self.page.rows  # type: ignore[attr-defined, no-any-return]

    @field("Where the page lies in the list.")
    def page_info(self) -> PageInfo:
        return page_info(self.page)  # type: ignore[attr-defined]

    @field("How many nodes the whole list has; counted only when asked for.")
    async def total_count(self) -> int:
        return await self.count()  # type: ignore[attr-defined, no-any-return]


def page_info(page: Page[Any]) -> PageInfo:
    """A page is taken to have a neighbour on the side that its cursor names: the cursor's own row."""
    came_from = page.window.cursor is not None
    ahead, behind = (came_from, page.has_more) if page.window.backward else (page.has_more, came_from)
    return PageInfo(
        has_next_page=ahead,
        has_previous_page=behind,
        start_cursor=encode(page.rows[0], page.order) if page.rows else None,
        end_cursor=encode(page.rows[-1], page.order) if page.rows else None,
    )
