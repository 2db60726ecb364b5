"""Runs of `app.py` as processes of their own, whose output goes to files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from commands import COMMANDS, load, main

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0

Environ = Mapping[str, str]

_forks = get_context("forkserver")
_forks.set_forkserver_preload([__name__])
for _name in COMMANDS:
    load(_name)


class Process(ABC):
    """One run; what it prints is appended to the files `out` and `err`, which may be the same."""

    pid: int

    def __init__(self, out: Path, err: Path) -> None:
        self._out, self._err = out, err
        for file in (out, err):
            file.touch()

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @abstractmethod
    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while the process runs."""

    @abstractmethod
    def wait(self) -> int:
        """The exit status, when it is there."""

    def send_signal(self, number: int) -> None:
        """Nothing where the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """As `kill -9`."""
        self.send_signal(signal.SIGKILL)
        self.wait()


class Forked(Process):
    """A run that starts at once: a fork of a process that has imported every command and done nothing else.

    Importing takes a new process longer than most tests ask of it.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, environ: Environ, out: Path, err: Path) -> None:
        super().__init__(out, err)
        self._fork = _forks.Process(target=_run, args=(arguments, folder, dict(environ), out, err))
        self._fork.start()
        assert self._fork.pid is not None  # it has started
        self.pid = self._fork.pid

    def poll(self) -> int | None:
        return self._fork.exitcode

    def wait(self) -> int:
        self._fork.join(PATIENCE_S)
        status = self._fork.exitcode
        assert status is not None, f"the process still runs: {self.err}"
        return status


def _run(arguments: Sequence[str], folder: Path, environ: Environ, out: Path, err: Path) -> None:
    """What a fork does: all that `python app.py` does in this folder and environment once it has imported."""
    for number, path in ((1, out), (2, err)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.exit(main(arguments))


class Executed(Process):
    """A run as users start it, of the release in `root`."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, environ: Environ, out: Path, err: Path, *, root: Path = ROOT
    ) -> None:
        super().__init__(out, err)
        command = [sys.executable, str(root / "app.py"), *arguments]
        with out.open("ab") as stdout, err.open("ab") as stderr:
            self._process = subprocess.Popen(command, cwd=folder, env=environ, stdout=stdout, stderr=stderr)
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self) -> int:
        return self._process.wait(PATIENCE_S)
