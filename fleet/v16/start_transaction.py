"""StartTransaction (OCPP 1.6 §4.8)."""

from __future__ import annotations

from fleet.connector import Connector, Sample, Transaction
from fleet.dialect import Request
from fleet.frames import Payload


def request(connector: Connector, transaction: Transaction, sample: Sample | None, *, offline: bool) -> Request:
    """The message; of the meter 1.6 reports only the register here."""
    payload: Payload = {
        "connectorId": connector.number,
        "idTag": transaction.token[:20],
        "meterStart": transaction.meter_start_wh,
        "timestamp": transaction.started_at,
    }
    if transaction.reservation_id is not None:
        payload["reservationId"] = transaction.reservation_id
    return "StartTransaction", payload


def transaction_number(answer: Payload) -> int | None:
    """The transactionId that the CSMS gave."""
    number: int = answer["transactionId"]
    return number


def number(transaction_number: int, payload: Payload) -> None:
    """Puts the transactionId into a message that was queued before it was known."""
    if "transactionId" in payload:
        payload["transactionId"] = transaction_number
