"""ReserveNow (OCPP 1.6 §5.13); connector 0 is not supported, as ReserveConnectorZeroSupported says."""

from __future__ import annotations

from fleet import reservations
from fleet.connector import Reservation
from fleet.dialect import ReservationEnd
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    connector = station.connector(payload["connectorId"])
    if connector is None:
        return Reply({"status": "Rejected"})
    reservation = Reservation(
        payload["reservationId"], payload["idTag"], payload["expiryDate"], payload.get("parentIdTag")
    )
    return Reply({"status": reservations.reserve(station, connector, reservation)})


def over(id: int, how: ReservationEnd) -> None:
    """1.6 reports no end of a reservation but the connector's status."""
