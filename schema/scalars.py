"""The scalars of our own: instants, in one wire form in and out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped

from storage.models import wire

# RFC 3339 §5.6; fromisoformat alone would also take weeks, basic forms and naive instants
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse_instant(text: object) -> datetime:
    """An instant in UTC, cut to the millisecond, from its RFC 3339 form."""
    if not isinstance(text, str) or not RFC_3339.fullmatch(text):
        raise GraphQLError("A DateTime reads as in RFC 3339, with an offset: 2026-11-21T03:27:00Z.")
    try:
        at = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise GraphQLError("There is no such DateTime.") from exc
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> datetime:
    """The instant of a document, whose place in it an error names."""
    try:
        return parse_instant(value_from_ast_untyped(node, variables))
    except GraphQLError as exc:
        raise GraphQLError(exc.message, node) from exc


DateTime = strawberry.scalar(
    name="DateTime",
    description="An instant as in RFC 3339. Answers are in UTC to the millisecond: 2026-11-21T03:27:00.123Z.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=wire,
    parse_value=parse_instant,
    parse_literal=_parse_literal,
)
