"""The command line: one file per command, each with `add_arguments(parser)` and `run(args, settings)`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Protocol

from commands import assets, csms, fleet, importer, migrate, scenario, serve, token, worker
from settings import Settings, SettingsError

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


COMMANDS: dict[str, Command] = {
    "serve": serve,
    "worker": worker,
    "migrate": migrate,
    "token": token,
    "import": importer,
    "csms": csms,
    "fleet": fleet,
    "scenario": scenario,
    "assets": assets,
}


def main(argv: Sequence[str]) -> int:
    """Runs one command. Exit status 2 when its arguments or the environment are wrong."""
    args = make_parser().parse_args(argv)
    given = {name: value for name, value in vars(args).items() if name in Settings.model_fields and value is not None}
    try:
        return COMMANDS[args.command].run(args, Settings.from_env(**given))
    except SettingsError as exc:
        print(exc, file=sys.stderr)
        return MISUSE


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Chargeyard: charging sites, OCPI networks and simulated chargers to test against.",
        epilog="Settings come from CHARGEYARD_* variables; the README lists them.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        text = (command.__doc__ or "").strip()
        child = commands.add_parser(name, help=text.partition("\n")[0], description=text)
        command.add_arguments(child)
    return parser
