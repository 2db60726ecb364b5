"""How long everybody else on the event loop waits while something is done.

Told in the processor's time, which does not depend on what else the machine does.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Turns:
    """How long all threads worked, and how long the loop's did at most until somebody else had a turn."""

    worked_s: float = 0.0
    longest_s: float = 0.0


@asynccontextmanager
async def watched_turns() -> AsyncIterator[Turns]:
    """Watches the loop during the block; the result is complete behind it."""
    turns = Turns()
    gc.collect()
    gc.freeze()  # collecting what a run of tests holds takes a quarter of a second
    begun = time.process_time()
    watch = asyncio.create_task(_watch(turns))
    await asyncio.sleep(0)
    try:
        yield turns
        await asyncio.sleep(0.01)  # work that has just ended is seen at the next turn only
    finally:
        watch.cancel()
        turns.worked_s = time.process_time() - begun
        gc.unfreeze()


async def _watch(turns: Turns) -> None:
    last = time.thread_time()
    while True:
        await asyncio.sleep(0.001)
        now = time.thread_time()
        turns.longest_s, last = max(turns.longest_s, now - last), now
