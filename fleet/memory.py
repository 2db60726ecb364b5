"""What a charger remembers when its power is cut: kept as one JSON document beside its row."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any

from fleet.connector import Connector, Reservation, Transaction

Entry = dict[str, Any]  # a message of a transaction in the outbox; `fleet.outbox.post` makes it


@dataclass(slots=True)
class Memory:
    """Configured keys, authorization data, charging profiles and the transaction messages not yet delivered.

    `tokens` is the authorization cache and `local_list` the local authorization list: `folded` token → its info.
    `version` is the OCPP version whose messages and transactions these are.
    """

    keys: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    local_list: dict[str, dict[str, Any]] = field(default_factory=dict)
    list_version: int = 0
    profiles: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[Entry] = field(default_factory=list)
    network: dict[str, Any] | None = None
    version: str | None = None

    def to_json(self, connectors: list[Connector]) -> dict[str, Any]:
        """The document of this instant, whatever changes while it is written; what never changed is left out."""
        values: dict[str, Any] = {
            "keys": self.keys, "tokens": self.tokens, "local_list": self.local_list, "list_version": self.list_version,
            "profiles": self.profiles, "outbox": self.outbox, "network": self.network,
            "version": self.version,
            "connectors": {str(c.number): facts for c in connectors if (facts := _facts(c))},
        }  # fmt: skip
        return {name: copy(value) for name, value in values.items() if value}


def folded(token: str) -> str:
    """A token as it is looked up: its capitals mean nothing (OCPP 1.6 §7.28 IdToken, 2.0.1 IdTokenType)."""
    return token.lower()


def recall(stored: dict[str, Any], connectors: list[Connector]) -> Memory:
    """The memory of a stored document; it also puts the connectors back as they were."""
    for connector in connectors:
        _restore(connector, stored.get("connectors", {}).get(str(connector.number), {}))
    return Memory(
        keys=stored.get("keys", {}),
        tokens={folded(token): info for token, info in stored.get("tokens", {}).items()},
        local_list={folded(token): info for token, info in stored.get("local_list", {}).items()},
        list_version=stored.get("list_version", 0),
        profiles=stored.get("profiles", []),
        outbox=stored.get("outbox", []),
        network=stored.get("network"),
        version=stored.get("version"),
    )


def _facts(connector: Connector) -> dict[str, Any]:
    values: dict[str, Any] = {
        "plugged": connector.plugged,
        "inoperative": not connector.wanted_operative,
        "finished": connector.finished,
        "fault": connector.fault,
        "power_w": connector.power_w,
        "transaction": connector.transaction.to_json() if connector.transaction else None,
        "reservation": connector.reservation.to_json() if connector.reservation else None,
    }
    return {name: value for name, value in values.items() if value is not None and value is not False}


def _restore(connector: Connector, facts: dict[str, Any]) -> None:
    connector.plugged = facts.get("plugged", False)
    connector.operative = connector.wanted_operative = not facts.get("inoperative", False)
    connector.finished = facts.get("finished", False)
    connector.fault = facts.get("fault")
    connector.power_w = facts.get("power_w")
    if facts.get("transaction"):
        connector.transaction = Transaction(**facts["transaction"])
    if facts.get("reservation"):
        connector.reservation = Reservation(**facts["reservation"])
