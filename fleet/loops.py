"""What a process of the fleet does again and again, whatever goes wrong at one time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from errors import Unavailable

log = logging.getLogger("chargeyard.fleet")

RETRY_S = 1.0

Turn = Callable[[], Awaitable[None]]


async def forever(what: str, turn: Turn) -> NoReturn:
    """Takes turn after turn until it is cancelled; one that fails is logged, and the next comes a moment later."""
    while True:
        try:
            await turn()
        except Unavailable as exc:
            log.warning("%s: %s", what, exc)
            await asyncio.sleep(RETRY_S)
        except Exception:
            log.exception("%s failed", what)
            await asyncio.sleep(RETRY_S)
