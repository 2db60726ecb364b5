"""The error family: what can go wrong on purpose, with the codes each wire format answers.

Raised where it happens, translated at the edge: by the schema extension (GraphQL code), the REST middleware
(HTTP status) and the OCPI envelope (OCPI status code, OCPI 2.2.1 §4.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One invalid value: `path` leads from the outermost input to it, `type` is pydantic's error type."""

    path: tuple[str | int, ...]
    message: str
    type: str = "value_error"
    input: Any = None


class ChargeyardError(Exception):
    """An expected failure. Its text is written for the client, who sees it unchanged."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    http_status: ClassVar[int] = 500
    ocpi_status: ClassVar[int] = 3000


class NotFound(ChargeyardError):
    """No such row for this tenant; another tenant's row answers the same."""

    code = "NOT_FOUND"
    http_status = 404
    ocpi_status = 2003


class Conflict(ChargeyardError):
    """The state of things forbids it. 400 in REST: the published client retries 409, so it would repeat the mistake."""

    code = "CONFLICT"
    http_status = 400
    ocpi_status = 2000


class InvalidInput(ChargeyardError):
    """A value of the request breaks a rule; `fields` name the values at fault."""

    code = "BAD_USER_INPUT"
    http_status = 400
    ocpi_status = 2001

    def __init__(self, message: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class InvalidRequest(InvalidInput):
    """The request breaks its declared schema (wrong type, missing field, out of bounds): 422 in REST."""

    http_status = 422


class Unauthenticated(ChargeyardError):
    """No token, or one that does not verify."""

    code = "UNAUTHENTICATED"
    http_status = 401
    ocpi_status = 2002


class Forbidden(ChargeyardError):
    """A valid token whose role or tenant scope does not allow the call."""

    code = "FORBIDDEN"
    http_status = 403
    ocpi_status = 2002


class RateLimited(ChargeyardError):
    """Over a limit of the tenant; worth trying again after `retry_after_s` seconds."""

    code = "RATE_LIMITED"
    http_status = 429
    ocpi_status = 2000

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unavailable(ChargeyardError):
    """Something this needs (database, provisioning back end) does not answer now; worth trying again later."""

    code = "UNAVAILABLE"
    http_status = 503
    ocpi_status = 3000

    def __init__(self, message: str, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
