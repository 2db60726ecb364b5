"""Serve the gateway: GraphQL, REST, the explorers, jobs and simulated chargers."""

from __future__ import annotations

import argparse
import logging
import sys
from urllib.parse import urlsplit

from aiohttp.http_exceptions import HttpProcessingError

from commands.log import start_log
from commands.process import NotServing, reserved_port, serve
from commands.secret import FIRST_TOKEN_DAYS, prepared
from commands.workers import supervise
from settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: CHARGEYARD_HOST or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for any (default: CHARGEYARD_PORT or 8080)")
    parser.add_argument("--workers", type=int, help="processes that share the port (default: CHARGEYARD_WORKERS or 1)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    start_log(settings)
    logging.getLogger("aiohttp.server").addFilter(_is_worth_a_line)
    settings, first_token = prepared(settings)
    try:
        with reserved_port(settings) as bound:
            start = supervise if bound.workers > 1 else serve
            start(bound, lambda: _announce(bound, first_token))
    except NotServing as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Bytes that are no HTTP are answered with 400; a traceback for each would only fill the log."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def _announce(settings: Settings, first_token: str | None) -> None:
    base = settings.base_url
    lines = [
        f"Chargeyard serves on {base}",
        f"  GraphiQL            {base}/graphiql",
        f"  GraphQL             {base}/graphql",
        f"  REST documentation  {base}/docs",
        f"  Health              {base}/health",
    ]
    if settings.public_url:
        lines += ["", f"  It listens on {settings.host}:{settings.port}."]
    if first_token is not None:
        lines += ["", f"  A token to begin with, good for {FIRST_TOKEN_DAYS} days:", "", f"  {first_token}"]
        lines += ["", "  Another one, of the same organization: .venv/bin/python app.py token"]
    elif not settings.jwks_url:
        lines += ["", "  A token: .venv/bin/python app.py token"]
    if urlsplit(base).hostname in {"0.0.0.0", "::"}:
        lines += ["", "  Set CHARGEYARD_PUBLIC_URL to the address that clients use."]
    print("\n".join(lines), flush=True)
