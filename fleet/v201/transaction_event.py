"""TransactionEvent (OCPP 2.0.1 E01-E07): a transaction started, went on, ended."""

from __future__ import annotations

from fleet.clock import timestamp
from fleet.connector import Connector, ConnectorStatus, Sample, Transaction
from fleet.dialect import Request, StopReason, Trigger
from fleet.frames import Payload
from fleet.v201.authorize import id_token
from fleet.v201.meter_values import values

CHARGING_STATES = {
    ConnectorStatus.CHARGING: "Charging",
    ConnectorStatus.SUSPENDED_EV: "SuspendedEV",
    ConnectorStatus.SUSPENDED_EVSE: "SuspendedEVSE",
}

# TriggerReasonEnumType of the end; what is not here is AbnormalCondition
END_TRIGGERS = {
    StopReason.LOCAL: "StopAuthorized",
    StopReason.REMOTE: "RemoteStop",
    StopReason.EV_DISCONNECTED: "EVCommunicationLost",
    StopReason.DEAUTHORIZED: "Deauthorized",
    StopReason.TIME_LIMIT: "TimeLimitReached",
    StopReason.ENERGY_LIMIT: "EnergyLimitReached",
    StopReason.SOFT_RESET: "ResetCommand",
    StopReason.HARD_RESET: "ResetCommand",
    StopReason.UNLOCK: "UnlockCommand",
}
# ReasonEnumType has other words for 1.6's resets and unlock
REASONS = {
    StopReason.SOFT_RESET: "Reboot",
    StopReason.HARD_RESET: "ImmediateReset",
    StopReason.UNLOCK: "Remote",
}


def started(connector: Connector, transaction: Transaction, sample: Sample | None, *, offline: bool) -> Request:
    trigger = Trigger.AUTHORIZED if transaction.remote_start_id is None else Trigger.REMOTE_START
    event = _event(connector, transaction, "Started", trigger.value, transaction.started_at, offline=offline)
    event["transactionInfo"]["chargingState"] = "EVConnected"
    if transaction.remote_start_id is not None:
        event["transactionInfo"]["remoteStartId"] = transaction.remote_start_id
    if transaction.reservation_id is not None:
        event["reservationId"] = transaction.reservation_id
    event["idToken"] = id_token(transaction.token, transaction.token_type)
    if sample is not None:
        event["meterValue"] = values([sample])
    return "TransactionEvent", event


def updated(
    connector: Connector, transaction: Transaction, trigger: Trigger, sample: Sample | None, *, offline: bool
) -> Request | None:
    """The message of a running transaction; without a sample there is nothing to say at the meter's times."""
    if sample is None and trigger in (Trigger.PERIODIC, Trigger.CLOCK):
        return None
    event = _event(connector, transaction, "Updated", trigger.value, timestamp(), offline=offline)
    event["transactionInfo"]["chargingState"] = CHARGING_STATES.get(connector.status, "EVConnected")
    if sample is not None:
        event["meterValue"] = values([sample])
    return "TransactionEvent", event


def ended(
    connector: Connector,
    transaction: Transaction,
    reason: StopReason,
    token: str | None,
    at: str,
    *,
    offline: bool,
) -> Request:
    trigger = END_TRIGGERS.get(reason, "AbnormalCondition")
    event = _event(connector, transaction, "Ended", trigger, at, offline=offline)
    info, is_left = event["transactionInfo"], reason is StopReason.EV_DISCONNECTED or not connector.plugged
    info["stoppedReason"] = REASONS.get(reason, reason.value)
    info["chargingState"] = "Idle" if is_left else "EVConnected"  # a change of it is always told (TransactionType)
    if transaction.samples:
        event["meterValue"] = values(transaction.samples)
    if token is not None:
        event["idToken"] = id_token(token, transaction.token_type)
    return "TransactionEvent", event


def transaction_number(answer: Payload) -> int | None:
    """None: the station itself names its transactions in 2.0.1."""
    return None


def number(transaction_number: int, payload: Payload) -> None:
    """Nothing to put in."""


def _event(
    connector: Connector, transaction: Transaction, kind: str, trigger: str, at: str, *, offline: bool
) -> Payload:
    event: Payload = {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": trigger,
        "seqNo": transaction.next_sequence(),
        "transactionInfo": {"transactionId": transaction.id},
        "evse": {"id": connector.number, "connectorId": 1},
    }
    if offline:
        event["offline"] = True
    return event
