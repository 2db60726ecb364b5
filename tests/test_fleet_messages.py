"""What the documents say that chargers speak, and how clients drive them, is what the code has."""

from __future__ import annotations

import re
from pathlib import Path

from fleet.commands import COMMANDS
from fleet.messages import supported
from tests.support.published_client import operations

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MESSAGES = (ROOT / "docs" / "ocpp.md").read_text()


def test_the_table_of_messages_is_that_of_the_code() -> None:
    [table] = re.findall("<!-- messages -->\n(.*?)\n<!-- /messages -->", MESSAGES, re.DOTALL)

    assert table == supported()


def test_the_calls_of_the_published_client_exist() -> None:
    known = {operation.name for operation in operations()}

    shown = re.findall(r"client\.(\w+\.\w+)\(", README)

    assert shown
    assert [call for call in shown if call not in known] == []


def test_every_command_of_the_published_client_is_one_of_a_charger() -> None:
    renamed = {
        "clear_local_list": "clear_local_auth_list", "reset_auth_cache": "cache_reset",
        "send_local_list": "local_auth_list", "set_configuration": "configuration",
    }  # fmt: skip
    group, names = "commands.", [operation.name for operation in operations()]
    offered = [name.removeprefix(group) for name in names if name.startswith(group)]

    assert {renamed.get(name, name) for name in offered} == COMMANDS.keys() - {"network_conditions"}
    assert len(offered) == 18
