"""Gateways as processes of their own, which can be killed, paused and started again."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.support.gateway import CHARGER_SPEED, SECRET
from tests.support.processes import PATIENCE_S, ROOT, Forked, Process


class Node:
    """One process of `app.py`, begun as `begin` says; its output goes to a file in its folder."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        command: str = "serve",
        *,
        begin: Callable[..., Process] = Forked,
        arguments: Sequence[str] = (),
        **environ: str,
    ) -> None:
        self.begin = begin
        self.log = folder / f"{command}-{uuid4().hex[:6]}.log"
        self._ready = "Chargeyard serves on (\\S+)" if command == "serve" else "(Chargeyard (?:works|runs)) "
        own = ["--port", "0"] if command == "serve" else []
        self._arguments = [command, *own, *arguments]
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CHARGEYARD_")},
            "CHARGEYARD_DATABASE_URL": database_url,
            "CHARGEYARD_DATA_DIR": str(folder / "data"),
            "CHARGEYARD_JWT_SECRET": SECRET,
            "CHARGEYARD_FLEET": "false",
            "CHARGEYARD_CHARGER_SPEED": str(CHARGER_SPEED),
            **environ,
        }
        self._process: Process | None = None
        self.url = ""

    @property
    def process(self) -> Process:
        assert self._process is not None, "the node was not started"
        return self._process

    def launch(self) -> Node:
        """Starts the process without waiting for it."""
        with self.log.open("ab") as output:
            output.write(f"--- start {time.time()}\n".encode())
        self._process = self.begin(self._arguments, ROOT, self._environ, self.log, self.log)
        return self

    def start(self) -> Node:
        """Starts the process and waits until it is ready."""
        return self.launch().wait_ready()

    def wait_ready(self) -> Node:
        deadline = time.monotonic() + PATIENCE_S
        while (found := re.search(self._ready, self.log.read_text().rpartition("--- start")[2])) is None:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.url = found.group(1)
        return self

    @property
    def id(self) -> str:
        """What the node calls itself on PostgreSQL."""
        return str(re.findall(r"present as (\S+)", self.log.read_text())[-1])

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()

    def stop(self) -> int:
        """As `kill`; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def discard(self) -> None:
        """Ends the process whatever its state."""
        if self._process is not None:
            self._process.kill()


@contextmanager
def nodes() -> Iterator[list[Node]]:
    """A list to put nodes in; what still runs in the end is killed."""
    started: list[Node] = []
    try:
        yield started
    finally:
        for node in started:
            node.discard()
