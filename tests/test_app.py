"""What the application starts, it stops, whatever fails between."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.gateway import running_gateway


async def test_a_gateway_that_cannot_start_its_jobs_stops_its_fleet_and_closes_its_database(tmp_path: Path) -> None:
    file = tmp_path / "chargeyard.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE VIEW workflow_status AS SELECT 1")  # where the job engine wants its table
    others = asyncio.all_tasks()

    with pytest.raises(Exception, match="workflow_status"):
        async with running_gateway(f"sqlite:///{file}", tmp_path):
            pass

    assert asyncio.all_tasks() == others
    assert files(tmp_path) == ["chargeyard.db", "chargeyard.db.lock"]


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())
