"""TriggerMessage (OCPP 2.0.1 F06): the charging station says something because it is asked to."""

from __future__ import annotations

from collections.abc import Iterable

from fleet import alike, life, metering, transactions
from fleet.connector import Connector
from fleet.dialect import Trigger
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Follow, Reply
from fleet.samples import Context
from fleet.station import ACCEPTED, Station
from fleet.v201 import firmware_status_notification, log_status_notification, status_notification
from fleet.v201.evse import connectors_of

OF_EVSES = {"MeterValues", "StatusNotification", "TransactionEvent"}
OF_STATION = {"BootNotification", "FirmwareStatusNotification", "Heartbeat", "LogStatusNotification"}


def handle(station: Station, payload: Payload) -> Reply:
    message = payload["requestedMessage"]
    if message not in OF_EVSES | OF_STATION:
        return Reply({"status": "NotImplemented"})
    evse = payload.get("evse") if message in OF_EVSES else None  # F06.FR.02: it is ignored where it means nothing
    connectors = connectors_of(station, evse)
    if not connectors or not _is_possible(station, message, connectors):
        return Reply({"status": "Rejected"})
    return Reply({"status": "Accepted"}, then=_follow(station, message, connectors))


def _is_possible(station: Station, message: str, connectors: Iterable[Connector]) -> bool:
    if message == "BootNotification":
        return station.registration != ACCEPTED  # F06.FR.17
    if message == "TransactionEvent":
        return any(connector.transaction for connector in connectors)
    return True


def _follow(station: Station, message: str, connectors: Iterable[Connector]) -> Follow:
    async def follow() -> None:
        match message:
            case "BootNotification":
                station.boot_reason = "Triggered"
                await life.boot(station)
            case "Heartbeat":
                await station.send(alike.heartbeat())
            case "FirmwareStatusNotification":
                await station.send(firmware_status_notification.current(station))
            case "LogStatusNotification":
                await station.send(log_status_notification.current(station))
            case _:
                await _of_each(station, message, connectors)

    return follow


async def _of_each(station: Station, message: str, connectors: Iterable[Connector]) -> None:
    for connector in connectors:
        if message == "TransactionEvent":
            transactions.sample(station, connector, Trigger.TRIGGERED)
        elif message == "MeterValues":
            await metering.say(station, connector, Setting.CLOCK_MEASURANDS, Context.TRIGGER)  # F06.FR.06
        else:
            await station.send(status_notification.request(connector))
