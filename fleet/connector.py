"""A connector and the transaction on it: what it is in, derived from what happened to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from fleet.meter import Meter
from fleet.supply import Supply

Sample = dict[str, Any]  # `at`, `context` and `readings`, measurand → number: it is kept on disk with its transaction


class ConnectorStatus(StrEnum):
    """OCPP 1.6 §7.7; OCPP 2.0.1 reports a coarser set made from these."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


@dataclass(slots=True)
class Authorization:
    """A token that was presented, and how it would charge: waits for the verdict, then for the cable.

    `parent` is its group, once the verdict has named it.
    """

    token: str
    token_type: str = "ISO14443"
    accepted: bool = False
    parent: str | None = None
    remote_start_id: int | None = None
    profile: dict[str, Any] | None = None
    stop_after_wh: float | None = None
    stop_after_s: float | None = None


@dataclass(slots=True)
class Transaction:
    """One transaction; survives a restart. `number` is OCPP 1.6's id, None until the CSMS has given it.

    `seen_at` is the instant of the meter that is stored with it; `state` the status that was last reported for it;
    `samples` are what its end reports.
    """

    id: str
    connector_number: int
    token: str
    token_type: str
    started_at: str
    meter_start_wh: int
    number: int | None = None
    sequence: int = 0
    remote_start_id: int | None = None
    reservation_id: int | None = None
    energized: bool = False
    deauthorized: bool = False
    state: str | None = None
    seen_at: str | None = None
    samples: list[Sample] = field(default_factory=list)
    stop_after_wh: float | None = None
    stop_after_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def next_sequence(self) -> int:
        """The number of the next TransactionEvent, from 0 without gaps (OCPP 2.0.1 E01)."""
        self.sequence += 1
        return self.sequence - 1


@dataclass(slots=True)
class Reservation:
    """A connector kept for one token, or its group, until `expires_at` (RFC 3339)."""

    id: int
    token: str
    expires_at: str
    parent: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Whole:
    """The station itself, whose status follows from its connectors: what the CSMS knows of it, as of a connector."""

    announced: tuple[Any, ...] | None = None
    told: tuple[Any, ...] | None = None


class Connector:
    """One physical connector, its own EVSE. `status` follows from the facts, so no path can forget a transition."""

    __slots__ = (
        "announced", "authorization", "ev_ready", "evse_ready", "fault", "finished", "max_power_w", "meter", "number",
        "operative", "plugged", "power_w", "reported", "reservation", "supply", "told", "transaction",
        "wanted_operative", "written_status",
    )  # fmt: skip

    def __init__(self, number: int, max_power_w: int, supply: Supply, meter_wh: int = 0) -> None:
        self.number = number
        self.max_power_w = max_power_w
        self.supply = supply
        self.meter = Meter(meter_wh)
        self.plugged = False
        self.ev_ready = True
        self.evse_ready = True
        self.finished = False
        self.operative = True
        self.wanted_operative = True
        self.fault: str | None = None
        self.power_w: int | None = None
        self.transaction: Transaction | None = None
        self.authorization: Authorization | None = None
        self.reservation: Reservation | None = None
        self.reported: tuple[str, str | None] | None = None  # what was last written down as an event
        self.announced: tuple[Any, ...] | None = None  # what was last sent to the CSMS
        self.told: tuple[Any, ...] | None = None  # what the CSMS last confirmed
        self.written_status: str | None = None

    @property
    def status(self) -> ConnectorStatus:
        if self.fault is not None:
            return ConnectorStatus.FAULTED
        if self.transaction is not None:
            return self._charging_status(self.transaction)
        if not self.operative:
            return ConnectorStatus.UNAVAILABLE
        if self.plugged and self.finished:
            return ConnectorStatus.FINISHING
        if self.plugged or self.authorization is not None:
            return ConnectorStatus.PREPARING
        return ConnectorStatus.AVAILABLE if self.reservation is None else ConnectorStatus.RESERVED

    @property
    def is_free(self) -> bool:
        """Whether a transaction can begin here, once there is a cable and a token."""
        return self.fault is None and self.operative and self.transaction is None

    def _charging_status(self, transaction: Transaction) -> ConnectorStatus:
        if not transaction.energized:
            return ConnectorStatus.PREPARING
        if not self.evse_ready or transaction.deauthorized:
            return ConnectorStatus.SUSPENDED_EVSE
        takes_energy = self.plugged and self.ev_ready and self.power_w != 0
        return ConnectorStatus.CHARGING if takes_energy else ConnectorStatus.SUSPENDED_EV
