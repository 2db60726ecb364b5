"""The energy meter of a connector: watt-hours from a power that ramps to its target."""

from __future__ import annotations

RAMP_W_PER_S = 5_000.0  # a car takes some seconds to its full power


class Meter:
    """`energy_wh` only grows. Between two calls the power follows a straight ramp, so any step length is exact."""

    __slots__ = ("_at", "energy_wh", "power_w", "target_w")

    def __init__(self, energy_wh: float = 0.0) -> None:
        self.energy_wh = energy_wh
        self.power_w = 0.0
        self.target_w = 0.0
        self._at = 0.0

    @property
    def register_wh(self) -> int:
        """What the meter's display reads."""
        return int(self.energy_wh)

    def aim(self, target_w: float, now: float) -> None:
        """Sets the power to ramp to, from `now` on; no power flows without delay when it is 0."""
        self.advance(now)
        self.target_w = max(0.0, target_w)
        if self.target_w < self.power_w:
            self.power_w = self.target_w  # a limit or a stop takes effect at once, a rise does not

    def advance(self, now: float) -> None:
        """Counts the energy up to `now`, in seconds of a steady clock."""
        elapsed_s = max(0.0, now - self._at) if self._at else 0.0
        self._at = now
        ramp_s = min(elapsed_s, (self.target_w - self.power_w) / RAMP_W_PER_S)
        reached_w = self.power_w + ramp_s * RAMP_W_PER_S
        joules = (self.power_w + reached_w) / 2 * ramp_s + self.target_w * (elapsed_s - ramp_s)
        self.power_w = self.target_w if elapsed_s > ramp_s else reached_w
        self.energy_wh += joules / 3600

    def seconds_to(self, energy_wh: float) -> float | None:
        """How long until the register reads so much at the present target; None when it never will."""
        missing_wh = energy_wh - self.energy_wh
        if missing_wh <= 0:
            return 0.0
        if self.target_w <= 0:
            return None
        ramp_s = (self.target_w - self.power_w) / RAMP_W_PER_S
        ramp_joules = (self.power_w + self.target_w) / 2 * ramp_s
        missing_joules = missing_wh * 3600
        if missing_joules >= ramp_joules:
            return ramp_s + (missing_joules - ramp_joules) / self.target_w
        root = (self.power_w**2 + 2 * RAMP_W_PER_S * missing_joules) ** 0.5
        return float(root - self.power_w) / RAMP_W_PER_S
