"""Seeded chance in a few bytes: the same seed and name give the same run (splitmix64)."""

from __future__ import annotations

from hashlib import blake2b

_MASK = (1 << 64) - 1


class Chance:
    """A random sequence of 16 bytes of state; `random.Random` holds 2.5 KB, too much for thousands of chargers."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, name: str) -> None:
        self._state = int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest())

    def random(self) -> float:
        """A number from 0 up to 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def happens(self, probability: float) -> bool:
        return probability > 0 and self.random() < probability
