"""Tests of text in SQL that answer alike on both databases: literal, case-sensitive, by code point."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LOWEST_SURROGATE, HIGHEST_SURROGATE = "\ud800", "\udfff"


class position(FunctionElement[int]):
    """Where a text occurs in another, from 1; 0 where it does not."""

    type = Integer()
    inherit_cache = True


@compiles(position, "sqlite")
def _position_in_sqlite(element: position, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(position, "postgresql")
def _position_in_postgresql(element: position, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


def contains(column: SQLColumnExpression[Any], text: str) -> ColumnElement[bool]:
    """Whether the column holds this text. `LIKE` would fold case on SQLite and take wildcards."""
    return position(column, text) > 0


def starts_with(column: SQLColumnExpression[Any], text: str) -> ColumnElement[bool]:
    """Whether the column begins with this text."""
    return func.substr(column, 1, len(text)) == text


def is_storable(text: str) -> bool:
    """Whether both databases can hold and compare the text: no NUL, no half of a surrogate pair."""
    if text.isascii():
        return "\0" not in text
    return not any(char == "\0" or LOWEST_SURROGATE <= char <= HIGHEST_SURROGATE for char in text)
