"""No call of the published client goes untested."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.published_client import operations


def test_every_call_of_the_client_has_its_test() -> None:
    files = Path(__file__).parent.glob("test_*.py")

    tests = {name for file in files for name in re.findall(r"^async def test_(\w+)\(", file.read_text(), re.MULTILINE)}

    assert {operation.name.replace(".", "_") for operation in operations()} <= tests
