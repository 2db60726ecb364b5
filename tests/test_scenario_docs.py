"""What docs/scenarios.md says of scenario files is what their model has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic_core import PydanticUndefined

from commands.scenario import plan
from commands.scenario.plan import Part

SECTIONS = re.split(r"^##+ ", (Path(__file__).parents[1] / "docs" / "scenarios.md").read_text(), flags=re.MULTILINE)
STEPS = get_args(get_args(plan.AnyStep)[0])
UNITS = {"seconds": "s", "minutes": "min", "ms": "ms", "kwh": "kWh", "w": "W"}
CHANCES = {"share", "loss", "duplicate", "slow", "refuse"}


def kinds(step: type[Part]) -> str:
    """The heading of a step: what its `do` may be."""
    return ", ".join(f"`{kind}`" for kind in get_args(step.model_fields["do"].annotation))


PARTS: dict[str, type[Part]] = {
    "The scenario": plan.Plan,
    "`[chargers]`": plan.Chargers,
    "`[chargers.network]`": plan.Network,
    **{kinds(step): step for step in STEPS},
}


@pytest.mark.parametrize("heading", PARTS)
def test_each_key_stands_there_with_its_unit_and_its_default(heading: str) -> None:
    fields = PARTS[heading].model_fields
    [section] = [text for text in SECTIONS if text.startswith(f"{heading}\n")]

    rows = {
        key: (unit, default) for key, unit, default in re.findall(r"^\| `(\w+)` \| (.*?) ?\| (.*?) \|", section, re.M)
    }

    assert {key: unit for key, (unit, _) in rows.items()} == {key: unit_of(key) for key in fields}
    for key, field in fields.items():
        if field.default is not None:  # else the words of the page say what it means
            assert rows[key][1] == shown(field.default), key


def unit_of(key: str) -> str:
    return "0 to 1" if key in CHANCES else UNITS.get(key.rpartition("_")[2], "")


def shown(default: object) -> str:
    """A default as TOML has it."""
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"
