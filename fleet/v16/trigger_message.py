"""TriggerMessage (OCPP 1.6 §5.17): the charger says something because it is asked to."""

from __future__ import annotations

from collections.abc import Iterable

from fleet import alike, life, metering, transactions
from fleet.connector import Connector
from fleet.dialect import Request, Trigger
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Follow, Reply
from fleet.samples import Context
from fleet.station import Station
from fleet.v16 import diagnostics_status_notification, firmware_status_notification, status_notification

OF_CONNECTORS = {"MeterValues", "StatusNotification"}  # the others are of the whole: a connectorId is ignored


def handle(station: Station, payload: Payload) -> Reply:
    message = payload["requestedMessage"]
    number = payload.get("connectorId") if message in OF_CONNECTORS else None
    connector = None if number is None else station.connector(number)
    if number is not None and connector is None:
        return Reply({"status": "Rejected"})
    return Reply({"status": "Accepted"}, then=_follow(station, message, connector))


def _follow(station: Station, message: str, connector: Connector | None) -> Follow:
    chosen = station.connectors if connector is None else [connector]

    async def follow() -> None:
        if message == "BootNotification":
            await life.boot(station)
        elif message == "MeterValues":
            await _meter_values(station, chosen)
        elif message == "StatusNotification":
            if connector is None:
                await station.send(status_notification.request_of_whole(station.connectors))
            for each in chosen:
                await station.send(status_notification.request(each))
        else:
            await station.send(_request(station, message))

    return follow


async def _meter_values(station: Station, connectors: Iterable[Connector]) -> None:
    for connector in connectors:
        if connector.transaction is not None:
            transactions.sample(station, connector, Trigger.TRIGGERED)
        else:
            await metering.say(station, connector, Setting.METER_MEASURANDS, Context.TRIGGER)


def _request(station: Station, message: str) -> Request:
    if message == "Heartbeat":
        return alike.heartbeat()
    if message == "DiagnosticsStatusNotification":
        return diagnostics_status_notification.current(station)
    return firmware_status_notification.current(station)
