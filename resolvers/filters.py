"""Filters and orders of lists: the inputs, and the criteria on rows that they stand for.

A condition that is left out or null holds for every row; conditions side by side must all hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import strawberry
from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, true
from strawberry.utils.str_converters import to_camel_case

from errors import FieldError, InvalidInput
from resolvers.enums import described
from resolvers.values import UNSTORABLE
from storage.models import Charger, Job, JobType, Location, OcpiLocation, OcppVersion, ProvisioningStatus
from storage.paging import Column, Order, Sort
from storage.text import contains, is_storable, starts_with

MAX_DEPTH = 5  # of and, or and not within each other
MAX_VALUES = 500  # in one filter; SQLite takes expressions of at most 1,000 levels
NESTING = ("and_", "or_", "not_")

Columns = Mapping[str, Column]
Path = tuple[str | int, ...]


def _field(description: str, name: str | None = None) -> Any:
    return strawberry.field(default=None, description=description, name=name)


@strawberry.input(description="Conditions on an id.")
class IDFilter:
    eq: strawberry.ID | None = _field("It is this one.")
    in_: list[strawberry.ID] | None = _field("It is one of these.", "in")


@strawberry.input(description="Conditions on a text. Case matters, and no character is a wildcard.")
class StringFilter:
    eq: str | None = _field("It is this text.")
    in_: list[str] | None = _field("It is one of these texts.", "in")
    contains: str | None = _field("This text occurs in it.")
    starts_with: str | None = _field("It begins with this text.")
    is_null: bool | None = _field("It is null, or is not.")


@strawberry.input(description="Conditions on a truth value.")
class BooleanFilter:
    eq: bool | None = _field("It is this one.")


@strawberry.input(description="Conditions on an instant.")
class DateTimeFilter:
    gt: datetime | None = _field("It is after this instant.")
    gte: datetime | None = _field("It is this instant or after it.")
    lt: datetime | None = _field("It is before this instant.")
    lte: datetime | None = _field("It is this instant or before it.")


@strawberry.input(description="Conditions on an OCPP version.")
class OcppVersionFilter:
    eq: OcppVersion | None = _field("It is this one.")
    in_: list[OcppVersion] | None = _field("It is one of these.", "in")


@strawberry.input(description="A box on the map, in decimal degrees; it crosses the antimeridian where west > east.")
class BoundingBoxInput:
    south: float = strawberry.field(description="Least latitude.")
    west: float = strawberry.field(description="Western edge.")
    north: float = strawberry.field(description="Greatest latitude.")
    east: float = strawberry.field(description="Eastern edge.")


@strawberry.input(description="Conditions on a location, all of which must hold.")
class LocationFilter:
    id: IDFilter | None = _field("On its id in this list.")
    slug: StringFilter | None = _field("On its slug.")
    name: StringFilter | None = _field("On its name.")
    city: StringFilter | None = _field("On its city.")
    country: StringFilter | None = _field("On its ISO 3166-1 alpha-2 code.")
    owner_name: StringFilter | None = _field("On its owner.")
    status: StringFilter | None = _field("On its status.")
    public: BooleanFilter | None = _field("On whether anyone may charge there.")
    created_at: DateTimeFilter | None = _field("On when it was created.")
    within: BoundingBoxInput | None = _field("It lies inside the box.")
    and_: list[LocationFilter] | None = _field("All of these hold.", "and")
    or_: list[LocationFilter] | None = _field("At least one of these holds.", "or")
    not_: LocationFilter | None = _field("This does not hold.", "not")


@strawberry.input(description="Conditions on a charger, all of which must hold.")
class ChargerFilter:
    id: IDFilter | None = _field("On its id.")
    identity: StringFilter | None = _field("On its OCPP identity.")
    connector_type: StringFilter | None = _field("On its connector type.")
    ocpp_version: OcppVersionFilter | None = _field("On the OCPP version that it speaks.")
    location_id: IDFilter | None = _field("On the location that it stands at.")
    and_: list[ChargerFilter] | None = _field("All of these hold.", "and")
    or_: list[ChargerFilter] | None = _field("At least one of these holds.", "or")
    not_: ChargerFilter | None = _field("This does not hold.", "not")


@strawberry.input(description="Conditions on a job, all of which must hold.")
class JobFilter:
    status: list[ProvisioningStatus] | None = _field("Its status is one of these.")
    type: list[JobType] | None = _field("Its type is one of these.")
    cpo_id: strawberry.ID | None = _field("It works on this network.")


@described("Which way an order goes.", ASC="Least first.", DESC="Greatest first.")
class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


@described(
    "What locations can be ordered by; text by code point.",
    CREATED_AT="When it was created.",
    UPDATED_AT="When it last changed.",
    NAME="Its name.",
    CITY="Its city.",
    COUNTRY="Its country code.",
)
class LocationOrderField(StrEnum):
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    NAME = "name"
    CITY = "city"
    COUNTRY = "country"


@described(
    "What chargers can be ordered by; text by code point.",
    CREATED_AT="When it was created.",
    IDENTITY="Its OCPP identity.",
)
class ChargerOrderField(StrEnum):
    CREATED_AT = "created_at"
    IDENTITY = "identity"


@strawberry.input(description="One level of an order of locations.")
class LocationOrder:
    field: LocationOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(description="Which way.")


@strawberry.input(description="One level of an order of chargers.")
class ChargerOrder:
    field: ChargerOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(description="Which way.")


_SITE: Columns = {
    "slug": Location.slug,
    "name": Location.name,
    "city": Location.city,
    "country": Location.country,
    "owner_name": Location.owner_name,
    "status": Location.status,
    "public": Location.public,
    "updated_at": Location.updated_at,
}
LOCATION_COLUMNS: Columns = {**_SITE, "id": Location.id, "created_at": Location.created_at}
OCPI_LOCATION_COLUMNS: Columns = {**_SITE, "id": OcpiLocation.id, "created_at": OcpiLocation.created_at}
CHARGER_COLUMNS: Columns = {
    "id": Charger.id,
    "created_at": Charger.created_at,
    "identity": Charger.identity,
    "connector_type": Charger.connector_type,
    "ocpp_version": Charger.ocpp_version,
    "location_id": Charger.location_id,
}


def one_of(column: Column, values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether the column holds one of these. SQLAlchemy's empty list of collated texts is no SQL on PostgreSQL."""
    wanted = list(dict.fromkeys(values))
    return column.in_(wanted) if wanted else false()


_OPERATORS: Mapping[str, Callable[[Column, Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "in_": one_of,
    "contains": contains,
    "starts_with": starts_with,
    "is_null": lambda column, wanted: column.is_(None) if wanted else column.is_not(None),
    "gt": lambda column, at: column > at,
    "gte": lambda column, at: column >= at,
    "lt": lambda column, at: column < at,
    "lte": lambda column, at: column <= at,
}


class OrderInput(Protocol):
    """One level of an order, of whatever list."""

    @property
    def field(self) -> StrEnum: ...

    @property
    def direction(self) -> OrderDirection: ...


def filtered(rows: Select[Any], where: LocationFilter | ChargerFilter | None, columns: Columns) -> Select[Any]:
    """The rows of a statement for which a filter holds. Raises InvalidInput where the filter is too large."""
    if where is None:
        return rows
    if _size(where, ("where",), 1) > MAX_VALUES:
        raise _invalid(("where",), f"may hold at most {MAX_VALUES} values")
    return rows.where(_criteria(where, columns))


def filtered_jobs(rows: Select[Job], where: JobFilter | None) -> Select[Job]:
    """The jobs of a statement for which a filter holds."""
    if where is None:
        return rows
    if where.status is not None:
        rows = rows.where(one_of(Job.status, where.status))
    if where.type is not None:
        rows = rows.where(one_of(Job.type, where.type))
    if where.cpo_id is not None:
        number = network_number(where.cpo_id)
        rows = rows.where(false() if number is None else Job.network_id == number)
    return rows


def ordered_by(levels: Sequence[OrderInput] | None, columns: Columns, default: Order) -> Order:
    """The order that these levels name, closed by the id in the direction of the last; the default for none."""
    if not levels:
        return default
    sorts: dict[str, Sort] = {}
    for level in levels:  # a field that comes again orders nothing any more
        sorts.setdefault(level.field.value, Sort(columns[level.field.value], _is_down(level)))
    return [*sorts.values(), Sort(columns["id"], _is_down(levels[-1]))]


def network_number(id: str) -> int | None:
    """The number of a network from its id, None where no network can have that id."""
    is_decimal = id.isascii() and id.isdigit() and len(id) <= 10 and id == str(int(id))
    return int(id) if is_decimal and int(id) < 2**31 else None


def _is_down(level: OrderInput) -> bool:
    return level.direction is OrderDirection.DESC


def _criteria(where: LocationFilter | ChargerFilter, columns: Columns) -> ColumnElement[bool]:
    return and_(true(), *_conditions(where, columns))


def _conditions(where: LocationFilter | ChargerFilter, columns: Columns) -> Iterator[ColumnElement[bool]]:
    for name, value in _given(where):
        if name == "and_":
            yield and_(true(), *(_criteria(each, columns) for each in value))
        elif name == "or_":
            yield or_(false(), *(_criteria(each, columns) for each in value))
        elif name == "not_":
            # what is null fulfils no condition, so it fulfils the opposite
            yield not_(func.coalesce(_criteria(value, columns), false()))
        elif name == "within":
            yield _inside(value)
        else:
            yield from (_OPERATORS[operator](columns[name], operand) for operator, operand in _given(value))


def _inside(box: BoundingBoxInput) -> ColumnElement[bool]:
    east_of, west_of = Location.longitude >= box.west, Location.longitude <= box.east
    between = and_(east_of, west_of) if box.west <= box.east else or_(east_of, west_of)
    return and_(Location.latitude.between(box.south, box.north), between)


def _given(condition: object) -> Iterator[tuple[str, Any]]:
    for field in fields(condition):  # type: ignore[arg-type]  # inputs are dataclasses
        value = getattr(condition, field.name)
        if value is not None:
            yield field.name, value


def _size(condition: object, path: Path, depth: int) -> int:
    """How many values a filter holds. Raises InvalidInput where one can't be compared, or it nests too deep."""
    if depth > MAX_DEPTH:
        raise _invalid(path, f"may nest at most {MAX_DEPTH} levels")
    size = 0
    for name, value in _given(condition):
        here = (*path, to_camel_case(name.rstrip("_")))
        deeper = depth + (name in NESTING)
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            place = (*here, index) if isinstance(value, list) else here
            if isinstance(each, str) and not is_storable(each):
                raise _invalid(place, UNSTORABLE)
            if isinstance(each, BoundingBoxInput) and each.south > each.north:
                raise _invalid((*place, "north"), "must not be less than south")
            is_leaf = isinstance(each, str | bool | float | datetime)
            size += 1 if is_leaf else 1 + _size(each, place, deeper)
    return size


def _invalid(path: Path, message: str) -> InvalidInput:
    return InvalidInput(f"{'.'.join(map(str, path))} {message}", [FieldError(path, message)])
