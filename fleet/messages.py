"""The messages that chargers send and understand, as a Markdown table for docs/ocpp.md: `python -m fleet.messages`."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.v16 import V16
from fleet.v201 import V201

ACCEPTED, SENT, BOTH = "answers", "sends", "sends, answers"


def table(versions: Iterable[V16 | V201]) -> str:
    """One row for each action that any of the versions knows."""
    known = list(versions)
    actions = sorted({action for version in known for action in (*version.handlers, *version.sends)})
    head = ["| Message | " + " | ".join(f"OCPP {version.version}" for version in known) + " |"]
    rows = [f"| {action} | " + " | ".join(_support(version, action) for version in known) + " |" for action in actions]
    return "\n".join([*head, "| --- |" + " --- |" * len(known), *rows])


def _support(version: V16 | V201, action: str) -> str:
    match action in version.sends, action in version.handlers:
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
