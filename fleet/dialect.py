"""How a version of OCPP says things; what a charger does when it is told something is its table of `handlers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from fleet.bounds import Bounds
from fleet.connector import Connector, ConnectorStatus, Sample, Transaction
from fleet.frames import Payload
from fleet.keys import Keys
from fleet.plate import Nameplate

Request = tuple[str, Payload]
Report = Callable[[str], Request]  # the message of a status


class Trigger(StrEnum):
    """Why a transaction is reported (OCPP 2.0.1 TriggerReasonEnumType)."""

    AUTHORIZED = "Authorized"
    REMOTE_START = "RemoteStart"
    CHARGING_STATE = "ChargingStateChanged"
    PERIODIC = "MeterValuePeriodic"
    CLOCK = "MeterValueClock"
    TRIGGERED = "Trigger"


class StopReason(StrEnum):
    """Why a transaction ended (OCPP 2.0.1 ReasonEnumType; OCPP 1.6 §7.36 has some of them)."""

    LOCAL = "Local"
    REMOTE = "Remote"
    EV_DISCONNECTED = "EVDisconnected"
    DEAUTHORIZED = "DeAuthorized"
    POWER_LOSS = "PowerLoss"
    SOFT_RESET = "SoftReset"
    HARD_RESET = "HardReset"
    UNLOCK = "UnlockCommand"
    TIME_LIMIT = "TimeLimitReached"
    ENERGY_LIMIT = "EnergyLimitReached"


class ReservationEnd(StrEnum):
    """How a reservation ended without a request of the CSMS (OCPP 2.0.1 ReservationUpdateStatusEnumType)."""

    EXPIRED = "Expired"
    REMOVED = "Removed"


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What is known of a token. `status` is the version's own word; only Accepted charges."""

    status: str
    expires_at: str | None = None
    parent: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status == "Accepted"


class Dialect(Protocol):
    """One version. Requests are (action, payload); the time is read when a request is made."""

    version: str
    subprotocol: str
    keys: Keys
    bounds: Bounds
    sends: frozenset[str]
    messages: frozenset[str]  # all that chargers may send in this version, with or without cause

    def password(self, text: str) -> bytes: ...
    def boot(self, plate: Nameplate, reason: str) -> Request: ...
    def heartbeat(self) -> Request: ...
    def status(self, connector: Connector) -> Request: ...
    def status_of_whole(self, connectors: Sequence[Connector]) -> Request | None: ...
    def status_name(self, status: ConnectorStatus) -> str: ...
    def authorize(self, token: str, token_type: str) -> Request: ...
    def token_info(self, answer: Payload) -> TokenInfo | None: ...
    def metered(self, connector: Connector, sample: Sample) -> Request: ...
    def started(
        self, connector: Connector, transaction: Transaction, sample: Sample | None, *, offline: bool
    ) -> Request: ...
    def updated(
        self,
        connector: Connector,
        transaction: Transaction,
        trigger: Trigger,
        sample: Sample | None,
        *,
        offline: bool,
    ) -> Request | None: ...
    def ended(
        self,
        connector: Connector,
        transaction: Transaction,
        reason: StopReason,
        token: str | None,
        at: str,
        *,
        offline: bool,
    ) -> Request: ...
    def reservation_over(self, id: int, how: ReservationEnd) -> Request | None: ...
    def transaction_number(self, answer: Payload) -> int | None: ...
    def number(self, transaction_number: int, payload: dict[str, Any]) -> None: ...
