"""Play a scenario file with chargers of its own, through the API, and report what came of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from commands import api
from commands.api.answers import Refused, Unreachable
from commands.api.client import Client
from commands.scenario.plan import Plan, UnusableScenario, read_plan
from commands.scenario.play import Play, Report
from settings import Settings

FAILED, MISUSE, INTERRUPTED = 1, 2, 130
REASONS_SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a TOML file, as docs/scenarios.md has it")
    api.add_arguments(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    token = api.token_of(settings)
    try:
        plan = read_plan(args.file)
    except UnusableScenario as exc:
        print(exc, file=sys.stderr)
        return MISUSE
    try:
        report = asyncio.run(_play(plan, args.url or settings.base_url, token, settings.csms_url))
    except (Refused, Unreachable) as exc:
        print(exc, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    print_report(Console(), report)
    return FAILED if report.failed else 0


def print_report(console: Console, report: Report) -> None:
    """A table with a line for each step."""
    table = Table("Step", "Chargers", "Done", "Failed", "Seconds", "Why", title=report.name)
    for step in report.steps:
        reasons = "\n".join(f"{count} × {reason}" for reason, count in step.reasons.most_common(REASONS_SHOWN))
        counts = (str(step.targeted), str(step.done), str(step.failed)) if step.targeted else ("", "", "")
        table.add_row(step.name, *counts, f"{step.seconds:.1f}", reasons)
    console.print(table)
    console.print("Nothing failed." if not report.failed else f"{report.failed} failed.")


async def _play(plan: Plan, url: str, token: str, csms_url: str) -> Report:
    async with aiohttp.ClientSession() as http:
        return await Play(Client(http, url, token, _note), plan, csms_url).run()


def _note(text: str) -> None:
    print(text, file=sys.stderr)
