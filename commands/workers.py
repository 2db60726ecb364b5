"""Several serving processes under a parent that restarts the dead. The parent has no loop and no engine."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

from commands.process import NotServing, serve
from settings import Settings, SettingsError

log = logging.getLogger("chargeyard.workers")

READY_S = 60.0  # migrations of a large database included
RESTART_PAUSE_S = 1.0  # a worker that dies at once must not turn into a fork storm
SERVING = b"1"


def supervise(settings: Settings, announce: Callable[[], None]) -> None:
    """Forks the workers and keeps their number until SIGINT or SIGTERM. Raises NotServing when one does not start."""
    parent = Parent(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: parent.stop())
    try:
        parent.start()
        if not parent.is_stopping:
            announce()
        parent.watch()
    finally:
        parent.stop()
        parent.join()


class Parent:
    """The workers, each with our end of a socket pair: a worker stops when that end closes, even by our death."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers: dict[ForkProcess, socket.socket] = {}
        self.is_stopping = False

    def start(self) -> None:
        """Forks every worker and returns when all of them serve, or at `stop`."""
        for _ in range(self._settings.workers):
            self._fork()
        deadline = time.monotonic() + READY_S
        for link in list(self._workers.values()):
            try:
                link.settimeout(max(0.1, deadline - time.monotonic()))
                said = link.recv(1)
            except OSError as exc:
                if self.is_stopping:  # which closed the link
                    return
                raise NotServing(f"A worker did not start within {READY_S:.0f} s.") from exc
            if said != SERVING:
                raise NotServing("A worker did not start; its message stands above.")

    def watch(self) -> None:
        """Starts another worker for each that dies, until `stop`."""
        while not self.is_stopping:
            wait([worker.sentinel for worker in self._workers])
            for worker in [worker for worker in self._workers if not worker.is_alive()]:
                self._workers.pop(worker).close()
                if not self.is_stopping:
                    log.error("worker %s ended with status %s; starting another", worker.pid, worker.exitcode)
                    time.sleep(RESTART_PAUSE_S)
                    self._fork()

    def stop(self) -> None:
        """Tells every worker to finish what it does and end."""
        self.is_stopping = True
        for link in list(self._workers.values()):
            link.close()

    def join(self) -> None:
        """Returns when the last worker has ended."""
        for worker in self._workers:
            worker.join()

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        not_theirs = [ours, *self._workers.values()]  # a copy of ours in a sister would hide that the parent is gone
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(self._settings, theirs, not_theirs))
        worker.start()
        theirs.close()
        self._workers[worker] = ours
        if self.is_stopping:  # the signal came while we forked
            ours.close()


def _work(settings: Settings, parent: socket.socket, not_ours: list[socket.socket]) -> None:
    for link in not_ours:
        link.close()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    try:
        serve(settings, lambda: _announce(parent), parent)
    except (NotServing, SettingsError) as exc:
        sys.exit(str(exc))


def _announce(parent: socket.socket) -> None:
    with suppress(BrokenPipeError):  # the parent is gone or stops us, and `serve` hears of that
        parent.sendall(SERVING)
