"""What only OCPI can answer: the status codes of the handshake and methods that a state forbids (OCPI 2.2.1 §5)."""

from __future__ import annotations

from collections.abc import Iterable

from errors import ChargeyardError


class BrokenBody(ChargeyardError):
    """The body is not JSON, so it never reached the OCPI layer."""

    http_status = 400
    ocpi_status = 2001


class MethodNotAllowed(ChargeyardError):
    """The resource does not have the method, or not in the state that the registration is in."""

    http_status = 405
    ocpi_status = 2000

    def __init__(self, message: str, *, allowed: Iterable[str]) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class ClientApiUnusable(ChargeyardError):
    """The peer's own API did not answer as it should during registration."""

    http_status = 200
    ocpi_status = 3001


class UnsupportedVersion(ChargeyardError):
    """There is no version that both sides speak."""

    http_status = 200
    ocpi_status = 3002


class EndpointsMissing(ChargeyardError):
    """The peer lacks an endpoint that registration needs."""

    http_status = 200
    ocpi_status = 3003
