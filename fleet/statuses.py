"""Statuses: written down when they change, and sent when the CSMS does not know them (OCPP 1.6 §4.9, 2.0.1 G01)."""

from __future__ import annotations

from typing import Any

from fleet import outbox
from fleet.connector import Connector, Whole
from fleet.dialect import Request
from fleet.keys import Setting
from fleet.station import Station


def report(station: Station, connector: Connector) -> None:
    """Writes a change of the connector's status down and sends it, by setting once it has lasted (1.6 §4.9)."""
    now = (station.dialect.status_name(connector.status), connector.fault)
    if connector.reported == now:
        return
    connector.reported = now
    station.recorder.status(station, connector)
    station.changed()
    lasting_s = station.number(Setting.STATUS_DURATION)
    if lasting_s > 0:
        station.after(f"status {connector.number}", lasting_s, lambda: _announce_later(station, connector))
    else:
        _announce(station, connector)


def catch_up(station: Station) -> None:
    """Tells all that the CSMS does not know; what was on its way when the last connection ended is lost."""
    parts: list[Connector | Whole] = [station.whole, *station.connectors]
    for part in parts:
        part.announced = part.told
    _announce_whole(station)
    for connector in station.connectors:
        report(station, connector)
        _announce(station, connector)


def forget_told(station: Station) -> None:
    """Has every status sent and written down anew."""
    station.whole.announced = station.whole.told = None
    for connector in station.connectors:
        connector.reported = connector.announced = connector.told = None


def _announce(station: Station, connector: Connector) -> None:
    _send(station, connector, station.dialect.status(connector))
    _announce_whole(station)


async def _announce_later(station: Station, connector: Connector) -> None:
    _announce(station, connector)


def _announce_whole(station: Station) -> None:
    """The same of the station as a whole, where the version has a status for that."""
    request = station.dialect.status_of_whole(station.connectors)
    if request is not None:
        _send(station, station.whole, request)


def _send(station: Station, part: Connector | Whole, request: Request) -> None:
    """Sends a status unless the CSMS was told the same last."""
    _, payload = request
    news = tuple(value for name, value in payload.items() if name != "timestamp")
    if not station.online or part.announced == news:
        return
    part.announced = news
    outbox.say_behind(station, lambda: _tell(station, part, news, request))


async def _tell(station: Station, part: Connector | Whole, news: tuple[Any, ...], request: Request) -> None:
    await station.call(request)
    part.told = news
