"""clairvoyance, which rebuilds a schema that is kept from what the errors of a server give away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.support.endpoint import running_endpoint
from tests.support.tools import GENERATOR

GUESSES = ["locatoins", "chargerz", "joobs", "veiwer", "locaton", "ocpiLocaton", "cpoTemplats", "nmae", "cty"]
NOTHING = {"dummy"}  # what it puts into a type that it knows no field of


@pytest.mark.parametrize("suggestions", [False, True])
async def test_clairvoyance_recovers_no_name_unless_names_are_suggested(tmp_path: Path, suggestions: bool) -> None:
    guesses, found = tmp_path / "guesses", tmp_path / "found.json"
    guesses.write_text("\n".join(GUESSES))

    async with running_endpoint(tmp_path, introspection=False, suggestions=suggestions) as endpoint:
        process = await asyncio.create_subprocess_exec(
            *(GENERATOR / "bin" / "clairvoyance", "-w", guesses, "-o", found),
            *("-H", f"Authorization: Bearer {endpoint.token()}", endpoint.url),
        )
        await process.wait()

    types = json.loads(found.read_text())["data"]["__schema"]["types"]
    names = {field["name"] for type in types for field in type.get("fields") or ()} - NOTHING
    assert (names >= {"locations", "chargers", "jobs", "viewer"}) if suggestions else (names == set())
