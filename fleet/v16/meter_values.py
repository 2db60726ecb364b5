"""MeterValues (OCPP 1.6 §4.7): what the meter of a connector reads."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.connector import Connector, Sample, Transaction
from fleet.dialect import Request, Trigger
from fleet.frames import Payload
from fleet.samples import UNITS

UNKNOWN_TRANSACTION = -1  # the CSMS has not answered StartTransaction; replaced when it does


def request(connector: Connector, sample: Sample) -> Request:
    """The message of a connector without a transaction."""
    return "MeterValues", {"connectorId": connector.number, "meterValue": values([sample])}


def updated(
    connector: Connector, transaction: Transaction, trigger: Trigger, sample: Sample | None, *, offline: bool
) -> Request | None:
    """The message of a running transaction; 1.6 reports no change of its state."""
    if sample is None or trigger is Trigger.CHARGING_STATE:
        return None
    action, payload = request(connector, sample)
    number = UNKNOWN_TRANSACTION if transaction.number is None else transaction.number
    return action, {**payload, "transactionId": number}


def values(samples: Iterable[Sample]) -> list[Payload]:
    """Samples as 1.6 writes them."""
    return [{"timestamp": sample["at"], "sampledValue": _sampled(sample)} for sample in samples]


def _sampled(sample: Sample) -> list[Payload]:
    return [
        {"value": str(value), "context": sample["context"], "measurand": measurand, "unit": UNITS[measurand]}
        for measurand, value in sample["readings"].items()
    ]
