"""Bring the database to the current schema; `serve` does it by itself when it starts."""

from __future__ import annotations

import argparse

from settings import Settings
from storage.database import Database
from storage.lock import only_process
from storage.migrate import migrate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database-url", metavar="URL", help="database to migrate instead of CHARGEYARD_DATABASE_URL")


def run(args: argparse.Namespace, settings: Settings) -> int:
    with only_process(settings.resolved_database_url):
        database = Database(settings.resolved_database_url)
        migrate(database)
        database.engine.dispose()
    print("The database is up to date.")
    return 0
