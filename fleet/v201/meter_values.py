"""MeterValues (OCPP 2.0.1 J01), and the meter values inside TransactionEvent."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.connector import Connector, Sample
from fleet.dialect import Request
from fleet.frames import Payload
from fleet.samples import UNITS


def request(connector: Connector, sample: Sample) -> Request:
    """The message of an EVSE without a transaction."""
    return "MeterValues", {"evseId": connector.number, "meterValue": values([sample])}


def values(samples: Iterable[Sample]) -> list[Payload]:
    """Samples as 2.0.1 writes them."""
    return [{"timestamp": sample["at"], "sampledValue": _sampled(sample)} for sample in samples]


def _sampled(sample: Sample) -> list[Payload]:
    return [
        {
            "value": value,
            "context": sample["context"],
            "measurand": measurand,
            "unitOfMeasure": {"unit": UNITS[measurand]},
        }
        for measurand, value in sample["readings"].items()
    ]
