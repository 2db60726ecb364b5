"""The nap between two looks at the queue of work, which ends early when there is news.

DBOS looks for work once in a while and can't be told of it. Looking often enough to start a job at once would take an
idle process a fifth of the reads that it can answer.
"""

from __future__ import annotations

import threading

FIRST_NAP_S = 0.005  # news comes in bursts, and just before DBOS has written down that a workflow is over
LONGER = 4


class Bell(threading.Event):
    """The event that stops DBOS's listening, and the only thing that it waits for.

    After a ring it naps shortly, then longer each time, up to what it was asked for: work may not be there yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self._news = threading.Event()
        self._nap_s = FIRST_NAP_S

    def ring(self) -> None:
        """Ends the present nap. From any thread."""
        self._news.set()

    def set(self) -> None:
        super().set()
        self.ring()

    def wait(self, timeout: float | None = None) -> bool:
        """Naps for at most the timeout, in seconds; whether listening is to stop."""
        nap_s = self._nap_s if timeout is None else min(self._nap_s, timeout)
        if self._news.wait(nap_s):
            self._news.clear()
            nap_s = FIRST_NAP_S
            super().wait(nap_s)
        self._nap_s = nap_s * LONGER
        return self.is_set()
