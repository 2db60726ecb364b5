"""What the arguments of several commands may be, as types of argparse."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from yarl import URL


def within(least: int, most: int) -> Callable[[str], int]:
    """An integer between two bounds."""

    def integer(text: str) -> int:
        number = int(text) if text.lstrip("-").isdecimal() else None
        if number is None or not least <= number <= most:
            raise argparse.ArgumentTypeError(f"must be from {least} to {most}")
        return number

    return integer


def gateway_url(text: str) -> str:
    """Where a gateway is, such as http://127.0.0.1:8080."""
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise argparse.ArgumentTypeError("must begin with http:// or https:// and a host")
    return text
