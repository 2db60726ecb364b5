"""Requests at random, valid and not, by schemathesis with every check that it has."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.support.gateway import Tenant

HOOKS = "tests.fuzz.hooks"
SECONDS = "15"  # for each; a longer run is one of the command below


@pytest.mark.timeout(180)
@pytest.mark.parametrize("path", ["/graphql", "/openapi.json"])
async def test_no_request_makes_the_server_break_its_word(tenant: Tenant, path: str, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", tenant.gateway.url + path),
        *("--header", f"Authorization: {tenant.headers['Authorization']}"),
        *("--checks", "all", "--max-time", SECONDS, "--continue-on-failure", "--no-color"),
        env={**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(Path(__file__).parents[1])},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-20_000:]
