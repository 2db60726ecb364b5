"""What a gateway may answer: data, a refusal, or a reason to come back later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

PATIENCE_S = 120.0  # how long a gateway may be away (a restart, say) before a command gives up
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 10.0
LATER_CODES = {"RATE_LIMITED", "UNAVAILABLE", "TIMEOUT"}


class Unreachable(Exception):
    """The gateway did not answer for longer than a command is patient."""


class Refused(Exception):
    """The gateway answered an error that trying again does not change."""

    def __init__(self, code: str, message: str, fields: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.fields = fields


class Later(Exception):
    """Worth trying again, after `pause_s` where the gateway named a time."""

    def __init__(self, message: str, pause_s: float | None = None) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class Patience:
    """Pauses that grow, and an end to them; `note` is told of the first one."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._since = time.monotonic()
        self._pause_s = FIRST_PAUSE_S

    async def pause(self, reason: BaseException) -> None:
        """Waits before the next try. Raises Unreachable when there have been enough."""
        told = str(reason).rstrip(".") or type(reason).__name__
        if time.monotonic() - self._since > PATIENCE_S:
            raise Unreachable(f"The gateway does not answer: {told}.") from reason
        if self._pause_s == FIRST_PAUSE_S:
            self._note(f"{told}; trying again.")
        named = reason.pause_s if isinstance(reason, Later) else None
        await asyncio.sleep(named or self._pause_s)
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)


def data_of(document: dict[str, Any]) -> dict[str, Any]:
    """The data of a GraphQL response. Raises Refused or Later for its errors."""
    if document.get("errors"):
        raise_first(document["errors"])
    data: dict[str, Any] = document["data"]
    return data


def raise_first(errors: Sequence[dict[str, Any]]) -> NoReturn:
    """Raises what the first of these GraphQL errors means, with the fields of all of them."""
    extensions = errors[0].get("extensions", {})
    message, code = errors[0]["message"], extensions.get("code", "INTERNAL_SERVER_ERROR")
    if code in LATER_CODES:
        raise Later(message, extensions.get("retryAfter"))
    raise Refused(code, message, [field for error in errors for field in error.get("extensions", {}).get("fields", ())])
