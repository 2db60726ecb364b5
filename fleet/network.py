"""The network between a charger and its CSMS, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from fleet.chance import Chance


@dataclass(frozen=True, slots=True)
class Conditions:
    """Probabilities are per frame or per attempt, from 0 to 1; all zero is a perfect network."""

    latency_ms: int = 0
    jitter_ms: int = 0
    loss: float = 0.0
    duplicate: float = 0.0
    slow: float = 0.0
    slow_ms: int = 0
    refuse: float = 0.0
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


PERFECT = Conditions()
_NAMES = {field.name for field in fields(Conditions)}


def conditions_of(stored: dict[str, Any] | None) -> Conditions:
    """Conditions as they were stored; unknown keys of a newer release are left out."""
    return Conditions(**{k: v for k, v in stored.items() if k in _NAMES}) if stored else PERFECT


class ConnectionCut(ConnectionError):
    """The simulated network broke the connection."""


class Network:
    """One charger's network. Every outcome comes from the seed and the charger's identity, in order."""

    __slots__ = ("_chance", "conditions")

    def __init__(self, conditions: Conditions, identity: str) -> None:
        self.conditions = conditions
        self._chance = Chance(conditions.seed, identity)

    @property
    def is_perfect(self) -> bool:
        return self.conditions is PERFECT

    def refuses(self) -> bool:
        """Whether this attempt to connect fails."""
        return self._chance.happens(self.conditions.refuse)

    def cuts(self) -> bool:
        """Whether the connection breaks at this frame."""
        return self._chance.happens(self.conditions.loss)

    def duplicates(self) -> bool:
        return self._chance.happens(self.conditions.duplicate)

    def delay_s(self) -> float:
        """How long this frame is on its way."""
        c = self.conditions
        delay_ms = c.latency_ms + (self._chance.between(0, c.jitter_ms) if c.jitter_ms else 0)
        if self._chance.happens(c.slow):
            delay_ms += c.slow_ms
        return delay_ms / 1000
