"""Charge points as rows: what a batch writes of each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fleet.clock import timestamp
from fleet.connector import Connector, ConnectorStatus
from fleet.station import Station
from storage.fleet import Batch
from storage.models import EvseStatus, new_id, utc_now

OCPI_STATUS = {
    ConnectorStatus.AVAILABLE: EvseStatus.AVAILABLE,
    ConnectorStatus.RESERVED: EvseStatus.RESERVED,
    ConnectorStatus.UNAVAILABLE: EvseStatus.INOPERATIVE,
    ConnectorStatus.FAULTED: EvseStatus.OUTOFORDER,
}

MAX_LOGGED = 2**16  # characters of a frame: a CSMS may send a mebibyte, again and again

Row = dict[str, Any]


@dataclass
class Pending:
    """What waits to be written. Stations are kept once however often they changed."""

    changed: dict[Station, None] = field(default_factory=dict)
    seen: dict[Station, None] = field(default_factory=dict)
    messages: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)

    def ids(self) -> list[str]:
        """The chargers it is about, in the order in which every writer locks them."""
        stations = {station.plate.id for station in (*self.changed, *self.seen)}
        return sorted(stations | {row["charger_id"] for row in (*self.messages, *self.events)})

    def of(self, ids: set[str]) -> Pending:
        """The part about these chargers."""
        return Pending(
            {station: None for station in self.changed if station.plate.id in ids},
            {station: None for station in self.seen if station.plate.id in ids},
            [row for row in self.messages if row["charger_id"] in ids],
            [row for row in self.events if row["charger_id"] in ids],
        )

    def then(self, later: Pending, most: int) -> Pending:
        """Both, in order; at most `most` rows of a kind, the newest."""
        return Pending(
            {**self.changed, **later.changed},
            {**self.seen, **later.seen},
            (self.messages + later.messages)[-most:],
            (self.events + later.events)[-most:],
        )

    def states(self) -> Pending:
        """The part without the rows of frames and events."""
        return Pending(self.changed, self.seen)

    def forget_what_was_written(self) -> None:
        """Has every status written again: a transaction that failed wrote none of them."""
        for station in self.changed:
            for connector in station.connectors:
                connector.written_status = None

    def __bool__(self) -> bool:
        return bool(self.changed or self.seen or self.messages or self.events)


def batch_of(pending: Pending) -> Batch:
    """The rows to write. Reads every station's meter and state as they are now."""
    stations = sorted(pending.changed, key=lambda station: station.plate.id)
    batch = Batch(messages=pending.messages, events=pending.events)
    for station in stations:
        _add(batch, station)
    batch.seen = [
        {"charger_id": station.plate.id, "last_seen_at": station.last_seen_at}
        for station in sorted(pending.seen, key=lambda station: station.plate.id)
        if station not in pending.changed
    ]
    return batch


def message_row(station: Station, direction: str, action: str, text: str, at: datetime) -> Row:
    return {
        "id": new_id(),
        "organization_id": station.plate.organization_id,
        "charger_id": station.plate.id,
        "direction": direction,
        "action": _storable(action[:64]),
        "message": _storable(text[:MAX_LOGGED]),
        "timestamp": at,
    }


def event_row(station: Station, connector: Connector, at: datetime) -> Row:
    return {
        "id": new_id(),
        "organization_id": station.plate.organization_id,
        "charger_id": station.plate.id,
        "connector_number": connector.number,
        "status": OCPI_STATUS.get(connector.status, EvseStatus.CHARGING),
        "ocpp_status": station.dialect.status_name(connector.status),
        "error_code": connector.fault[:50] if connector.fault else None,
        "timestamp": at,
    }


def evse_status(station: Station, connector: Connector) -> EvseStatus:
    """OCPI 2.2.1 §8.4.21; UNKNOWN while the station is offline, as OCPI wants it."""
    return OCPI_STATUS.get(connector.status, EvseStatus.CHARGING) if station.online else EvseStatus.UNKNOWN


def _add(batch: Batch, station: Station) -> None:
    for connector in station.connectors:
        connector.meter.advance(time.monotonic())
        if connector.transaction is not None:
            connector.transaction.seen_at = timestamp()
        batch.connectors.append(_connector_row(station, connector))
        status = evse_status(station, connector)
        if connector.written_status != status:
            connector.written_status = status
            batch.evses.append(_evse_row(station, connector, status))
    batch.charge_points.append(
        {
            "charge_point_id": station.plate.charge_point_id,
            "configuration": station.memory.to_json(station.connectors),
            "registration_status": station.registration,
        }
    )
    batch.chargers.append(
        {
            "charger_id": station.plate.id,
            "runtime_status": station.runtime_status,
            "connected": station.connected,
            "last_seen_at": station.last_seen_at,
        }
    )


def _storable(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL's text has no NUL


def _evse_row(station: Station, connector: Connector, status: EvseStatus) -> Row:
    return {
        "charger": station.plate.id,
        "number": connector.number,
        "status": status,
        "last_updated": utc_now(),
    }


def _connector_row(station: Station, connector: Connector) -> Row:
    return {
        "charge_point": station.plate.charge_point_id,
        "number": connector.number,
        "ocpp_status": station.dialect.status_name(connector.status),
        "error_code": connector.fault[:50] if connector.fault else None,
        "meter_wh": connector.meter.register_wh,
    }
