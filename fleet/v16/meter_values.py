"""MeterValues (OCPP 1.6 §4.7): what the meter of a connector reads."""

from __future__ import annotations

import time

from fleet.connector import Connector, Transaction
from fleet.dialect import Request, Trigger
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.meter import NOMINAL_V
from fleet.station import Station
from fleet.transactions import timestamp

UNKNOWN_TRANSACTION = -1  # the CSMS has not answered StartTransaction; replaced when it does
CONTEXTS = {Trigger.PERIODIC: "Sample.Periodic", Trigger.TRIGGERED: "Trigger"}


def updated(station: Station, connector: Connector, transaction: Transaction, trigger: Trigger) -> Request | None:
    """The message of a running transaction; 1.6 reports no change of its state."""
    if trigger not in CONTEXTS:
        return None
    number = UNKNOWN_TRANSACTION if transaction.number is None else transaction.number
    return request(station, connector, trigger, {"transactionId": number})


def request(station: Station, connector: Connector, trigger: Trigger, extra: Payload) -> Request:
    """The message of a connector, in a transaction or not."""
    connector.meter.advance(time.monotonic())
    context = CONTEXTS[trigger]
    wanted = station.setting(Setting.METER_MEASURANDS).split(",")
    values = [_value(connector, name.strip(), context) for name in wanted if name.strip()]
    sampled = values or [_value(connector, "Energy.Active.Import.Register", context)]
    meter_value = [{"timestamp": timestamp(), "sampledValue": sampled}]
    return "MeterValues", {"connectorId": connector.number, **extra, "meterValue": meter_value}


def _value(connector: Connector, measurand: str, context: str) -> Payload:
    value, unit = _reading(connector, measurand)
    return {"value": value, "context": context, "measurand": measurand, "unit": unit}


def _reading(connector: Connector, measurand: str) -> tuple[str, str]:
    power_w = connector.meter.power_w
    match measurand:
        case "Power.Active.Import":
            return f"{power_w:.0f}", "W"
        case "Power.Offered":
            return str(connector.max_power_w), "W"
        case "Current.Import":
            return f"{power_w / NOMINAL_V:.1f}", "A"
        case "Voltage":
            return str(NOMINAL_V), "V"
    return str(connector.meter.register_wh), "Wh"
