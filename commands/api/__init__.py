"""The gateway's GraphQL API as the commands see it that are its clients."""

from __future__ import annotations

import argparse

from commands.arguments import gateway_url
from settings import Settings, SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares where the gateway is and whose client the command is."""
    parser.add_argument(
        "--url", type=gateway_url, help="the gateway (default: CHARGEYARD_PUBLIC_URL or http://127.0.0.1:8080)"
    )
    parser.add_argument("--token", help="a bearer token of the organization (default: CHARGEYARD_TOKEN)")


def token_of(settings: Settings) -> str:
    """The token that was given. Raises SettingsError without one."""
    token = settings.token.get_secret_value()
    if not token:
        raise SettingsError("A token is needed: --token or CHARGEYARD_TOKEN (see: .venv/bin/python app.py token).")
    return token
