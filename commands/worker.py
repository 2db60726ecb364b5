"""Work on jobs without serving HTTP: one more node on a PostgreSQL database."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

import uvloop
from aiohttp import web

from app import create_app
from commands.log import start_log
from settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings say all."""


def run(args: argparse.Namespace, settings: Settings) -> int:
    if settings.is_sqlite:
        print("SQLite serves one process, which works on its jobs itself; use PostgreSQL for more.", file=sys.stderr)
        return 1
    start_log(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    """Is a gateway that listens nowhere, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(create_app(settings))
    try:
        await runner.setup()
        print("Chargeyard works on jobs", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
