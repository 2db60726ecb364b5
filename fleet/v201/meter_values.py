"""MeterValues (OCPP 2.0.1 J01), and the meter values inside TransactionEvent."""

from __future__ import annotations

import time

from fleet.connector import Connector
from fleet.dialect import Request
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.meter import NOMINAL_V
from fleet.station import Station
from fleet.transactions import timestamp


def request(station: Station, connector: Connector) -> Request:
    """What the meter reads when the CSMS asks outside a transaction."""
    return "MeterValues", {"evseId": connector.number, "meterValue": values(station, connector, "Trigger")}


def values(station: Station, connector: Connector, context: str, at: str | None = None) -> list[Payload]:
    """One reading of the measurands that are configured."""
    if at is None:
        connector.meter.advance(time.monotonic())
    wanted = [name.strip() for name in station.setting(Setting.METER_MEASURANDS).split(",") if name.strip()]
    sampled = [_value(connector, name, context) for name in wanted or ["Energy.Active.Import.Register"]]
    return [{"timestamp": at or timestamp(), "sampledValue": sampled}]


def _value(connector: Connector, measurand: str, context: str) -> Payload:
    value, unit = _reading(connector, measurand)
    return {"value": value, "context": context, "measurand": measurand, "unitOfMeasure": {"unit": unit}}


def _reading(connector: Connector, measurand: str) -> tuple[float, str]:
    power_w = connector.meter.power_w
    match measurand:
        case "Power.Active.Import":
            return round(power_w), "W"
        case "Power.Offered":
            return connector.max_power_w, "W"
        case "Current.Import":
            return round(power_w / NOMINAL_V, 1), "A"
        case "Voltage":
            return NOMINAL_V, "V"
    return connector.meter.register_wh, "Wh"
