"""The log of the commands that run until they are stopped: lines on stderr."""

from __future__ import annotations

import logging

from settings import Settings


def start_log(settings: Settings) -> None:
    """Writes what is worth a line at the level of the settings."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # each start would tell of its migrations
