"""What the application starts, it stops, whatever fails between."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from app import create_app
from settings import Settings
from tests.support.gateway import SECRET


def test_a_gateway_that_cannot_start_its_jobs_stops_its_fleet_and_closes_its_database(tmp_path: Path) -> None:
    file = tmp_path / "chargeyard.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE VIEW workflow_status AS SELECT 1")  # where the job engine wants its table

    left = asyncio.run(tasks_left_by_a_start(Settings(data_dir=tmp_path, jwt_secret=SECRET)))

    assert left == set()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["chargeyard.db", "chargeyard.db.lock"]


async def tasks_left_by_a_start(settings: Settings) -> set[Any]:
    """The tasks that are there after a gateway has failed to start."""
    runner = web.AppRunner(create_app(settings))
    with pytest.raises(Exception, match="workflow_status"):
        await runner.setup()
    return asyncio.all_tasks() - {asyncio.current_task()}
