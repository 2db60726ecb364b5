"""Connectors kept for one token for a time (OCPP 1.6 §3.14, 2.0.1 H01-H04)."""

from __future__ import annotations

from datetime import UTC, datetime

from fleet import statuses
from fleet.authorization import instant, parent_of
from fleet.connector import Authorization, Connector, ConnectorStatus, Reservation
from fleet.dialect import ReservationEnd
from fleet.memory import folded
from fleet.station import Station

# ReservationStatus of a connector that can't be reserved (OCPP 1.6 §7.37; the same words in 2.0.1)
REFUSALS = {
    ConnectorStatus.FAULTED: "Faulted",
    ConnectorStatus.UNAVAILABLE: "Unavailable",
}
LONGEST_TIMER_S = 86_400.0  # asyncio's timers lose precision far ahead; a longer reservation looks again


def reserve(station: Station, connector: Connector, reservation: Reservation) -> str:
    """Reserves a connector, in place of what has the same id (OCPP 1.6 §5.13, 2.0.1 H01.FR.02); gives the status."""
    other = _reserved(station, reservation.id)
    is_kept = connector.reservation is not None and connector is not other
    if is_kept or connector.status not in (ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED):
        return REFUSALS.get(connector.status, "Occupied")
    if other is not None and other is not connector:
        _free(station, other)
    connector.reservation = reservation
    _watch(station, connector, reservation)
    statuses.report(station, connector)
    station.changed()
    return "Accepted"


def cancel(station: Station, id: int) -> bool:
    """Frees the connector of a reservation; False when there is no such reservation."""
    connector = _reserved(station, id)
    if connector is None:
        return False
    _free(station, connector)
    return True


def remove(station: Station, connector: Connector) -> None:
    """Ends the reservation of a connector that is Faulted or Unavailable now (OCPP 1.6 §5.13, 2.0.1 H01)."""
    if connector.reservation is not None:
        _end(station, connector, connector.reservation, ReservationEnd.REMOVED)


def is_for(station: Station, reservation: Reservation, by: Authorization, *, asks: bool) -> bool:
    """Whether a token, or its group, is what a connector is kept for (OCPP 1.6 §5.13, 2.0.1 H03).

    `asks` says that the CSMS will give its verdict first, which may name the group where the charger knows none.
    """
    if folded(reservation.token) == folded(by.token):
        return True
    if reservation.parent is None:
        return False
    group = by.parent or parent_of(station, by.token)
    return asks if group is None else folded(group) == folded(reservation.parent)


def resume(station: Station) -> None:
    """Watches the clock for reservations that outlived a cut of the power."""
    for connector in station.connectors:
        if connector.reservation is not None:
            _watch(station, connector, connector.reservation)


def _watch(station: Station, connector: Connector, reservation: Reservation) -> None:
    left_s = (instant(reservation.expires_at) - datetime.now(UTC)).total_seconds()
    delay_s = min(max(0.0, left_s), LONGEST_TIMER_S)
    station.after(f"reservation {connector.number}", delay_s, lambda: _is_over(station, connector, reservation))


async def _is_over(station: Station, connector: Connector, reservation: Reservation) -> None:
    if connector.reservation is not reservation:
        return
    if instant(reservation.expires_at) > datetime.now(UTC):
        _watch(station, connector, reservation)
        return
    _end(station, connector, reservation, ReservationEnd.EXPIRED)


def _reserved(station: Station, id: int) -> Connector | None:
    """The connector of a reservation."""
    return next((c for c in station.connectors if c.reservation and c.reservation.id == id), None)


def _end(station: Station, connector: Connector, reservation: Reservation, how: ReservationEnd) -> None:
    """Frees the connector and tells the CSMS, which did not ask for it."""
    _free(station, connector)
    request = station.dialect.reservation_over(reservation.id, how)
    if request is not None:
        station.say(request)


def _free(station: Station, connector: Connector) -> None:
    connector.reservation = None
    station.cancel(f"reservation {connector.number}")
    statuses.report(station, connector)
    station.changed()
