"""What some tests need from the machine: curl, Node.js with pinned packages, a browser, a code generator's environment.

Where a tool is absent, its test files are left out and the end of the run says so in a line.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from functools import cache
from hashlib import sha256
from pathlib import Path

from pages.assets import are_complete

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "tests" / "clients"
GENERATOR = CLIENTS / ".venv"
STRICT_CSMS = ROOT / "tests" / "strict_csms"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_S = 300


class Absent(Exception):
    """A tool is not here; the text says which and what to do."""


@cache
def absent(test_file: str) -> str | None:
    """Why a test file can't run here, if it can't."""
    try:
        for tool in NEEDS.get(test_file, ()):
            tool()
    except Absent as exc:
        return str(exc)
    return None


@cache
def node_packages() -> None:
    """Installs the packages of the lock file. Raises Absent without Node.js or a registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Absent("Node.js with npm is not installed")
    lock = CLIENTS / "package-lock.json"
    _install("npm", lock, CLIENTS / "node_modules", [["npm", "ci", "--silent", "--ignore-scripts"]])


@cache
def strict_csms() -> None:
    """Installs the CSMS that holds every frame against the schemas. Raises Absent without Node.js or a registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Absent("Node.js with npm is not installed")
    install = ["npm", "ci", "--silent", "--ignore-scripts", "--prefix", str(STRICT_CSMS)]
    _install("npm", STRICT_CSMS / "package-lock.json", STRICT_CSMS / "node_modules", [install])


@cache
def code_generator() -> None:
    """Makes the environment of the code generator and of clairvoyance. Raises Absent without a package index."""
    pinned = CLIENTS / "requirements.txt"
    pip = [str(GENERATOR / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = [
        [sys.executable, "-m", "venv", "--clear", str(GENERATOR)],
        [*pip, "--require-hashes", "-r", str(pinned)],
    ]
    _install("pip", pinned, GENERATOR, commands)


@cache
def curl() -> None:
    """Raises Absent without curl."""
    if shutil.which("curl") is None:
        raise Absent("curl is not installed")


@cache
def explorer_files() -> None:
    """Fetches the explorers' files. Raises Absent when they can't be had."""
    if are_complete(ROOT / "assets"):
        return
    done = subprocess.run([sys.executable, "app.py", "assets"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Absent("the explorers' files can't be fetched (.venv/bin/python app.py assets)")


@cache
def browser() -> str:
    """The path of Chromium. Raises Absent."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise Absent("Chromium is not installed")
    return found


NEEDS: dict[str, tuple[Callable[[], object], ...]] = {
    "test_clients.py": (node_packages,),
    "test_clairvoyance.py": (code_generator,),
    "test_generated_client.py": (code_generator,),
    "test_readme_tour.py": (curl,),
    "test_fleet_strict.py": (strict_csms,),
    "test_browser.py": (browser, node_packages, explorer_files),
}


def _install(program: str, pinned: Path, target: Path, commands: list[list[str]]) -> None:
    """Runs the commands that fill the target, unless it was filled from the same pins before. Raises Absent."""
    with pinned.open("rb") as pins:
        flock(pins, LOCK_EX)  # runs of the suite at the same time wait for each other
        stamp, digest = target / "installed-from", sha256(pins.read()).hexdigest()
        if stamp.is_file() and stamp.read_text() == digest:
            return
        for command in commands:
            done = subprocess.run(command, cwd=CLIENTS, capture_output=True, text=True, timeout=INSTALL_S, check=False)
            if done.returncode:
                raise Absent(f"{program} could not install {pinned.relative_to(ROOT)}")
        stamp.write_text(digest)
