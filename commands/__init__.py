"""The command line: one file per command, each with `add_arguments(parser)` and `run(args, settings)`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Protocol, cast

from settings import Settings, SettingsError
from storage.lock import DatabaseUnusable

FAILED = 1
MISUSE = 2  # exit status of a command that could not start, as argparse gives it


class Command(Protocol):
    """What a module of this package has. The first line of its docstring is its help."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the arguments; one named like a setting overrides that setting."""
        ...

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Does the work and gives the exit status."""
        ...


COMMANDS = {
    "serve": "commands.serve",
    "worker": "commands.worker",
    "migrate": "commands.migrate",
    "token": "commands.token",
    "import": "commands.importer",
    "csms": "commands.csms",
    "fleet": "commands.fleet",
    "scenario": "commands.scenario",
    "assets": "commands.assets",
}


def main(argv: Sequence[str]) -> int:
    """Runs one command. Exit status 2 when its arguments or the environment are wrong, 1 without a usable database."""
    named = [name for name in COMMANDS if name in argv[:1]]
    args = make_parser(named or COMMANDS).parse_args(argv)
    given = {name: value for name, value in vars(args).items() if name in Settings.model_fields and value is not None}
    try:
        return load(args.command).run(args, Settings.from_env(**given))
    except SettingsError as exc:
        print(exc, file=sys.stderr)
        return MISUSE
    except DatabaseUnusable as exc:
        print(exc, file=sys.stderr)
        return FAILED


def load(name: str) -> Command:
    """The module of a command. Each is imported when it is wanted: what `serve` needs takes a second or two."""
    gc.disable()  # what imports make stays, and looking for garbage in between takes a sixth of their time
    try:
        return cast("Command", import_module(COMMANDS[name]))
    finally:
        gc.enable()


def make_parser(names: Iterable[str]) -> argparse.ArgumentParser:
    """The parser of these commands."""
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Chargeyard: charging sites, OCPI networks and simulated chargers to test against.",
        epilog="Settings come from CHARGEYARD_* variables; the README lists them.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names:
        command = load(name)
        text = (command.__doc__ or "").strip()
        child = commands.add_parser(name, help=text.partition("\n")[0], description=text)
        command.add_arguments(child)
    return parser
