"""ReserveNow and ReservationStatusUpdate (OCPP 2.0.1 H01, H04)."""

from __future__ import annotations

from fleet import charging, reservations
from fleet.connector import ConnectorStatus, Reservation
from fleet.dialect import Request, ReservationEnd
from fleet.frames import Payload
from fleet.link import Reply
from fleet.station import Station


def handle(station: Station, payload: Payload) -> Reply:
    evse_id = payload.get("evseId")
    if evse_id is None:
        connector = charging.first(station, lambda c: c.status is ConnectorStatus.AVAILABLE)
        connector = connector or station.connectors[0]
    else:
        connector = station.connector(evse_id)
    if connector is None:
        return Reply({"status": "Rejected"})
    group = payload.get("groupIdToken", {}).get("idToken")
    reservation = Reservation(payload["id"], payload["idToken"]["idToken"], payload["expiryDateTime"], group)
    return Reply({"status": reservations.reserve(station, connector, reservation)})


def over(id: int, how: ReservationEnd) -> Request:
    """What says that there is no such reservation any more."""
    return "ReservationStatusUpdate", {"reservationId": id, "reservationUpdateStatus": how.value}
