"""Alembic's entry: runs the migrations on the connection that `storage.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON, String

from storage.models import Base
from storage.models.base import UtcDateTime


def _render(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Column types as the models spell them."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "UtcDateTime()"
    if isinstance(item, JSON):
        return "Json"
    if isinstance(item, String):
        return f"Text({item.length or ''})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
