"""The messages that chargers send and understand, as a Markdown table for docs/ocpp.md: `python -m fleet.messages`."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.dialect import Dialect
from fleet.v16 import V16
from fleet.v201 import V201

ACCEPTED, SENT, BOTH = "answers", "sends", "sends, answers"


def table(dialects: Iterable[Dialect]) -> str:
    """One row for each action that any of the versions knows."""
    known = list(dialects)
    actions = sorted({action for dialect in known for action in (*dialect.handlers, *dialect.sends)})
    head = ["| Message | " + " | ".join(f"OCPP {dialect.version}" for dialect in known) + " |"]
    rows = [f"| {action} | " + " | ".join(_support(dialect, action) for dialect in known) + " |" for action in actions]
    return "\n".join([*head, "| --- |" + " --- |" * len(known), *rows])


def _support(dialect: Dialect, action: str) -> str:
    match action in dialect.sends, action in dialect.handlers:
        case True, True:
            return BOTH
        case True, False:
            return SENT
        case False, True:
            return ACCEPTED
    return ""


def supported() -> str:
    """The table of this release."""
    return table([V16(), V201()])


if __name__ == "__main__":
    print(supported())
