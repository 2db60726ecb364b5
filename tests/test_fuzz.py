"""Requests at random, valid and not, by schemathesis with every check that it has."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from resolvers.auth import Role
from tests.support.gateway import Gateway

HOOKS = "tests.fuzz.hooks"
SECONDS = os.environ.get("FUZZ_SECONDS")  # of each run in `make fuzz`; the suite sends the same few requests each time
EXTENT = {
    "/graphql": ["--max-examples", "3", "--generation-deterministic"],
    "/openapi.json": ["--max-examples", "2", "--generation-deterministic", "--phases", "examples,fuzzing,stateful"],
}
# the suite asks each API on the database where the other is not asked; both use the same resolvers
RUNS = [("sqlite", "/graphql"), ("postgresql", "/openapi.json")]
if SECONDS:
    RUNS += [("postgresql", "/graphql"), ("sqlite", "/openapi.json")]


@pytest.mark.timeout(120 + 2 * int(SECONDS or 0))
@pytest.mark.parametrize(("database_url", "path"), RUNS, indirect=["database_url"], scope="session")
async def test_no_request_makes_the_server_break_its_word(gateway: Gateway, path: str, tmp_path: Path) -> None:
    tenant = gateway.tenant(role=Role.ADMIN)  # it may name its organization, as half of the generated requests do
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", tenant.gateway.url + path),
        *(part for name, value in tenant.headers.items() for part in ("--header", f"{name}: {value}")),
        *("--checks", "all", "--continue-on-failure", "--no-color"),
        *(["--max-time", SECONDS] if SECONDS else EXTENT[path]),
        env={**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(Path(__file__).parents[1])},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-20_000:]
