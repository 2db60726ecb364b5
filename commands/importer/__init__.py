"""Create the sites of a file in a network, through the API, with a progress bar."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

import aiohttp
from rich.console import Console

from commands import api
from commands.api.answers import Refused, Unreachable
from commands.api.client import Client
from commands.arguments import within
from commands.importer.rows import Source, UnusableFile, read_source
from commands.importer.run import Import
from commands.importer.sites import OCPP_VERSIONS, Chargers
from commands.importer.view import check_report, make_console, print_outcome, view_of, write_report
from settings import Settings

FAILED, MISUSE, INTERRUPTED = 1, 2, 130
DEFAULT_BATCH = 1000
MAX_BATCH = 10_000
MAX_CHARGERS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="NDJSON, a JSON array or CSV of sites, plain or gzipped")
    parser.add_argument("--cpo", required=True, metavar="ID", help="the network to create the sites in")
    api.add_arguments(parser)
    parser.add_argument("--batch-size", type=within(1, MAX_BATCH), default=DEFAULT_BATCH, help="sites in one request")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write every failure to FILE as NDJSON")
    chargers = parser.add_argument_group("chargers")
    chargers.add_argument(
        "--chargers-per-location", type=within(0, MAX_CHARGERS), default=0, metavar="N", help="chargers at each site"
    )
    chargers.add_argument("--first", type=within(0, 10**9), metavar="K", help="only the first K sites get chargers")
    chargers.add_argument("--brand", default="wallbox", help="brand in the catalog (default: %(default)s)")
    chargers.add_argument("--model", default="wallbox-pulsar-plus", help="model (default: %(default)s)")
    chargers.add_argument("--connector-type", default="Type2", help="a type the model offers (default: %(default)s)")
    chargers.add_argument("--ocpp-version", choices=OCPP_VERSIONS, default="OCPP1.6", help="default: %(default)s")
    chargers.add_argument("--ws-url", metavar="URL", help="the CSMS they connect to (default: CHARGEYARD_CSMS_URL)")
    chargers.add_argument("--identity-prefix", metavar="TEXT", help="before each identity (default: N<network>-)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    token = api.token_of(settings)
    try:
        source = read_source(args.file)
        if args.report:
            check_report(args.report)
    except UnusableFile as exc:
        print(exc, file=sys.stderr)
        return MISUSE
    console = make_console()
    try:
        return asyncio.run(_import(args, settings, token, source, console))
    except KeyboardInterrupt:
        console.print("Interrupted. What was accepted goes on; run the same command again to continue.")
        return INTERRUPTED


async def _import(args: argparse.Namespace, settings: Settings, token: str, source: Source, console: Console) -> int:
    started = time.monotonic()
    stopped: Exception | None = None
    async with aiohttp.ClientSession() as http:
        with view_of(console, len(source.rows)) as view:
            client = Client(http, args.url or settings.base_url, token, view.note)
            work = Import(client, args.cpo, view)
            try:
                await work.run(source, _chargers(args, settings), args.batch_size)
            except (Refused, Unreachable) as exc:
                stopped = exc
    if args.report:
        write_report(args.report, work.failures)
    print_outcome(console, work.created, work.failures, time.monotonic() - started)
    if stopped is not None:
        print(f"Stopped: {stopped}", file=sys.stderr)
        print(f"{work.unsent} sites are open; run the same command again to continue.", file=sys.stderr)
    return FAILED if stopped or work.failures else 0


def _chargers(args: argparse.Namespace, settings: Settings) -> Chargers:
    return Chargers(
        per_location=args.chargers_per_location,
        first=args.first,
        brand_slug=args.brand,
        model_slug=args.model,
        connector_type=args.connector_type,
        ocpp_version=args.ocpp_version,
        ws_url=args.ws_url or settings.csms_url,
        identity_prefix=args.identity_prefix or f"N{args.cpo}-",
    )
