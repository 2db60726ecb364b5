"""What a field of an input may hold: kinds of text and number with their bounds, the same in GraphQL and REST."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from resolvers.enums import described
from storage.text import is_storable

TIMEZONES = available_timezones()
UNSTORABLE = "must not hold NUL characters or lone surrogates"
IDENTITY = re.compile(r"[A-Za-z0-9*\-_=:+|@.]+")  # OCPP 2.0.1 identifierString, Part 2 Appendix


@described(
    "Where on the site the chargers stand (OCPI 2.2.1 §8.4.18).",
    ALONG_MOTORWAY="On a parking facility or rest area along a motorway.",
    PARKING_GARAGE="In a multistorey car park.",
    PARKING_LOT="On a cleared area that is for parking vehicles.",
    ON_DRIVEWAY="On the driveway of a house or building.",
    ON_STREET="In public space along a street.",
    UNDERGROUND_GARAGE="In an underground car park.",
)
class ParkingType(StrEnum):
    """OCPI 2.2.1 §8.4.18."""

    ALONG_MOTORWAY = "ALONG_MOTORWAY"
    PARKING_GARAGE = "PARKING_GARAGE"
    PARKING_LOT = "PARKING_LOT"
    ON_DRIVEWAY = "ON_DRIVEWAY"
    ON_STREET = "ON_STREET"
    UNDERGROUND_GARAGE = "UNDERGROUND_GARAGE"


def storable(text: str) -> str:
    """Text that both databases can hold."""
    if not is_storable(text):
        raise ValueError(UNSTORABLE)
    return text


def storable_json(value: Any) -> Any:
    """JSON that both databases can hold."""
    try:
        orjson.dumps(value)
    except TypeError as exc:
        raise ValueError("must not be deep, nor hold integers of more than 64 bits or lone surrogates") from exc
    for text in _texts(value):
        storable(text)
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _texts(each)


def utc(at: datetime) -> datetime:
    """The instant in UTC, where it can be told there."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie within the years 1 to 9999 in UTC") from None


def _country(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{2}", text):
        raise ValueError("must be an ISO 3166-1 alpha-2 code")
    return text.upper()


def _timezone(text: str) -> str:
    if text not in TIMEZONES:
        raise ValueError("must be an IANA time zone, such as Europe/Paris")
    return text


def _party_id(text: str) -> str:
    if not re.fullmatch("[A-Za-z0-9]{3}", text):
        raise ValueError("must be 3 letters or digits")
    return text.upper()


def _ws_url(text: str) -> str:
    try:
        url = urlsplit(text)
        valid = url.scheme in {"ws", "wss"} and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        valid = False
    if not valid or any(char.isspace() for char in text):
        raise ValueError("must be a ws:// or wss:// URL")
    return text


def _identifier(text: str) -> str:
    if not IDENTITY.fullmatch(text):
        raise ValueError("may hold letters, digits and * - _ = : + | @ . only")
    return text


def _slug(text: str) -> str:
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", text):
        raise ValueError("must be lower-case letters and digits, joined by single hyphens")
    return text


def _pattern(regex: str, **others: str) -> Any:
    """What OpenAPI says of a text whose rule is a function above: the same rule, as far as a pattern can tell it."""
    return Field(json_schema_extra={"pattern": regex, **others})


NO_NUL = _pattern(r"^[^\u0000]*$")
_NOT_BLANK = _pattern(r"^[^\u0000]*[^\s\u0000\u0085][^\u0000]*$")
_IDENTIFIER = _pattern(r"^[A-Za-z0-9*\-_=:+|@.]+$")

Trimmed = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    AfterValidator(storable),
    _NOT_BLANK,
]
Status = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32), AfterValidator(storable), _NOT_BLANK
]
Country = Annotated[str, AfterValidator(_country), _pattern("^[A-Za-z]{2}$")]
Timezone = Annotated[str, AfterValidator(_timezone), _pattern("^[A-Za-z0-9/_+-]+$", format="iana-time-zone")]
PartyId = Annotated[str, AfterValidator(_party_id), _pattern("^[A-Za-z0-9]{3}$")]
WsUrl = Annotated[
    str,
    StringConstraints(max_length=2048),
    AfterValidator(storable),
    AfterValidator(_ws_url),
    _pattern(r"^wss?://[A-Za-z0-9.-]+(:[1-9][0-9]{0,3})?(/[!-~]*)?$"),
]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=48), AfterValidator(_identifier), _IDENTIFIER]
NamePrefix = Annotated[str, StringConstraints(min_length=1, max_length=24), AfterValidator(_identifier), _IDENTIFIER]
Slug = Annotated[str, StringConstraints(max_length=80), AfterValidator(_slug), _pattern("^[a-z0-9]+(-[a-z0-9]+)*$")]
CatalogSlug = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(storable), NO_NUL]
ConnectorType = Annotated[str, StringConstraints(min_length=1, max_length=32), AfterValidator(storable), NO_NUL]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)  # JSON has one kind of number: 60.0 is an integer too (JSON Schema 2020-12 §6.1.1)
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
IdempotencyKey = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(storable), NO_NUL]
