"""What REST's answers have in common; the answers of each entity stand beside its operations.

`rest` is the only place that knows REST's wire format. A field that an answer leaves unset is absent from it; one
that is None is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import to_json

from rest.requests import PageQuery
from storage.models import wire
from storage.paging import Column, Listing

ABSENT = object()


@dataclass(frozen=True)
class Of:
    """Where a field has not the name of its column: that column's name."""

    column: str


@dataclass(frozen=True)
class Within:
    """A field whose value is made of columns of the same row."""

    model: type[Response]


@dataclass(frozen=True)
class Below:
    """A field that lists the rows whose `theirs` equals the row's `ours`, each as the model shows it."""

    model: type[Response]
    rows: Callable[[], Any]
    ours: Column
    theirs: Column


Source = Of | Within | Below


@cache
def sources(model: type[Response]) -> Mapping[str, Source]:
    """Where the fields of an answer come from: each from the column of its name, unless it says otherwise."""
    return {
        name: next((each for each in field.metadata if isinstance(each, Of | Within | Below)), Of(name))
        for name, field in model.model_fields.items()
    }


Instant = Annotated[
    datetime,  # as `json_of` writes it
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Status = Literal["PENDING", "PROVISIONING", "READY", "FAILED"]


def json_of(answer: Any) -> bytes:
    """The JSON of an answer.

    Model by model, because pydantic would hold the interpreter until the last of thousands is written.
    """
    return orjson.dumps(answer, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return wire(value)
    return {name: _told(getattr(value, name)) for name in type(value).model_fields if name in value.model_fields_set}


def _told(value: Any) -> Any:
    """What clients gave as JSON may hold integers that only pydantic writes."""
    return orjson.Fragment(to_json(value)) if isinstance(value, dict) else value


class Response(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(protected_namespaces=())

    @classmethod
    def read(cls, row: object, **derived: Any) -> Self:
        """Takes each field from its column, unless it is derived or the row has none."""
        read = {name: _read(row, source) for name, source in sources(cls).items() if name not in derived}
        return cls(**{name: value for name, value in read.items() if value is not ABSENT}, **derived)


def _read(row: object, source: Source) -> Any:
    match source:
        case Of(column):
            return getattr(row, column, ABSENT)
        case Within(model):
            return model.read(row)
    return ABSENT


Item = TypeVar("Item", bound=Response)


class ListResponse(Response, Generic[Item]):
    """One page of a list; `total` counts the rows of all its pages."""

    data: list[Item]
    total: int
    page: int
    limit: int

    @classmethod
    def of(cls, listing: Listing[Any], query: PageQuery, items: Iterable[Item]) -> Self:
        """The page with these items, one for each of the listing's rows."""
        return cls(data=list(items), total=listing.total, page=query.page, limit=query.limit)


class Coordinates(Response):
    """A point on earth in decimal degrees, WGS 84."""

    latitude: float
    longitude: float


class ProvisioningErrorDetail(Response):
    """Why a provisioning failed."""

    code: str = Field(description="Stable and machine-readable; take one that you don't know as unknown_error.")
    message: str
    step: str | None = Field(None, description="The durable step that failed.")
    param: str | None = Field(None, description="The request's parameter at fault.")
    doc_url: str | None = None
    retryable: bool | None = Field(None, description="Whether the same request may succeed later.")


class ProvisioningProgress(Response):
    """How far a provisioning has come."""

    current_step: str | None = None


class QueuedCommandResponse(Response):
    """A command that a charger was given."""

    id: str
    event_type: str
    ocpp_version: str
    payload: dict[str, Any]


class HttpErrorResponse(Response):
    """What went wrong, in a sentence."""

    detail: str


class ValidationError(Response):
    """One value that breaks the request's schema."""

    loc: list[str | int] = Field(description="Where it is: body, query or path, then the way from there.")
    msg: str
    type: str
    input: Any = Field(None, description="The value, where it is small enough to repeat.")
    ctx: dict[str, Any] | None = Field(None, description="The bounds that were missed.")


class HttpValidationError(Response):
    """The values that break the request's schema."""

    detail: list[ValidationError] | None = None
