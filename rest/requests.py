"""Requests whose shape is REST's own; every other body is a model of `resolvers.inputs`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, StringConstraints

from resolvers.values import utc
from storage.paging import DEFAULT_PAGE, MAX_PAGE

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
LAST_PAGE = 2**31 - 1  # far behind any row, and its offset still is a 64-bit number

Id = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
CpoId = Annotated[str, StringConstraints(max_length=255, pattern="^[0-9]+$")]


def _rfc_3339(text: Any) -> Any:
    if isinstance(text, str) and not RFC_3339.fullmatch(text):  # pydantic would take numbers and dates too
        raise ValueError("must be an instant of RFC 3339, such as 2026-11-21T03:27:00Z")
    return text


QueryInstant = Annotated[AwareDatetime, BeforeValidator(_rfc_3339), AfterValidator(utc)]


class PageQuery(BaseModel):
    """Which page of a list."""

    page: int = Field(1, ge=1, le=LAST_PAGE, description="Number of the page, from 1.")
    limit: int = Field(DEFAULT_PAGE, ge=1, le=MAX_PAGE, description="Rows of a page.")
