"""What a connector is fed with, and so how many watts its amperes are."""

from __future__ import annotations

from dataclasses import dataclass

ASSUMED_PHASES = 3  # where a charging profile names none (OCPP 1.6 §7.14, 2.0.1 ChargingSchedulePeriodType)


@dataclass(frozen=True, slots=True)
class Supply:
    """The voltage between line and neutral, and the alternating phases; 0 phases are direct current."""

    voltage_v: int
    phases: int

    def watts(self, current_a: float, phases: int | None) -> float:
        """The power of a current in each of so many phases, as far as the connector has them."""
        return current_a * self._volts(phases)

    def amps(self, power_w: float, phases: int | None) -> float:
        """The current in each phase."""
        return power_w / self._volts(phases)

    def _volts(self, phases: int | None) -> int:
        return self.voltage_v * max(1, min(phases or ASSUMED_PHASES, self.phases))
