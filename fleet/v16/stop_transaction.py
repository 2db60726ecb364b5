"""StopTransaction (OCPP 1.6 §4.10)."""

from __future__ import annotations

from fleet.connector import Connector, Transaction
from fleet.dialect import Request, StopReason
from fleet.frames import Payload
from fleet.v16 import meter_values

# §7.36 has fewer reasons than 2.0.1
REASONS = {StopReason.TIME_LIMIT: StopReason.LOCAL, StopReason.ENERGY_LIMIT: StopReason.LOCAL}


def request(
    connector: Connector,
    transaction: Transaction,
    reason: StopReason,
    token: str | None,
    at: str,
    *,
    offline: bool,
) -> Request:
    payload: Payload = {
        "transactionId": meter_values.UNKNOWN_TRANSACTION if transaction.number is None else transaction.number,
        "meterStop": max(transaction.meter_start_wh, connector.meter.register_wh),
        "timestamp": at,
        "reason": REASONS.get(reason, reason).value,
    }
    if token is not None:
        payload["idTag"] = token[:20]
    if transaction.samples:
        payload["transactionData"] = meter_values.values(transaction.samples)
    return "StopTransaction", payload
