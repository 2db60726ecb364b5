"""A typed client that ariadne-codegen makes from the schema: it type-checks, and it works."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.factories import add_cpo
from tests.support.gateway import Gateway
from tests.support.jobs import over, sites, start_bulk
from tests.support.tools import CLIENTS, GENERATOR, ROOT

CONFIGURATION = f"""
[tool.ariadne-codegen]
schema_path = "{ROOT / "schema" / "schema.graphql"}"
queries_path = "{CLIENTS / "operations.graphql"}"
target_package_name = "yard"
include_comments = "none"

[tool.ariadne-codegen.scalars.DateTime]
type = "datetime.datetime"

[[tool.mypy.overrides]]
module = "yard.async_base_client"  # the generator's own, the same for every schema
ignore_errors = true
"""


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the generated package `yard`."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "pyproject.toml").write_text(CONFIGURATION)
    subprocess.run([GENERATOR / "bin" / "ariadne-codegen"], cwd=folder, check=True, capture_output=True, text=True)
    return folder


def test_the_generated_client_compiles(generated: Path) -> None:
    command = [str(GENERATOR / "bin" / "python"), "-m", "compileall", "-q", "yard"]

    done = subprocess.run(command, cwd=generated, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


async def test_the_generated_client_runs_every_operation(gateway: Gateway, generated: Path) -> None:
    tenant = gateway.tenant()
    job_id = await start_bulk(tenant, (await add_cpo(tenant)).id, sites(3))
    await over(tenant, job_id)

    process = await asyncio.create_subprocess_exec(
        GENERATOR / "bin" / "python", CLIENTS / "generated.py", gateway.url, tenant.token(), job_id,
        env=os.environ | {"PYTHONPATH": str(generated)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()

    assert json.loads(output) == {
        "role": "USER",
        "created": ["from generated code", 48.85],
        "found": [1, True, []],
        "errors": ["BAD_USER_INPUT"],
        "progress": [1, 2, 3, 4, 5],
    }
