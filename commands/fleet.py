"""Run chargers without serving HTTP: one more process that shares them, on a PostgreSQL database."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import get_args

import uvloop

from commands.log import start_log
from fleet.local import LocalFleet
from settings import Settings
from storage.database import Database
from storage.fleet import LOCAL, Choice
from storage.migrate import migrate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--provider",
        dest="whose",
        choices=get_args(Settings.model_fields["provider"].annotation),
        default=LOCAL.provider,
        help="whose chargers to run (default %(default)s)",
    )
    parser.add_argument(
        "--charger", action="append", default=[], metavar="ID", help="run only this charger; may be given several times"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    if settings.is_sqlite:
        print("SQLite serves one process, which runs its chargers itself; use PostgreSQL for more.", file=sys.stderr)
        return 1
    start_log(settings)
    settings = settings.model_copy(update={"fleet": True})
    uvloop.run(_run(settings, Choice(args.whose, tuple(args.charger))))
    return 0


async def _run(settings: Settings, choice: Choice) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    database = Database(settings.resolved_database_url)
    await asyncio.to_thread(migrate, database)
    fleet = LocalFleet(database, settings, choice=choice)
    await fleet.start()
    print("Chargeyard runs chargers", flush=True)
    try:
        await stopped.wait()
    finally:
        await fleet.stop()
        await database.close()
