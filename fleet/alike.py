"""The messages that OCPP 1.6 and 2.0.1 write alike."""

from __future__ import annotations

from fleet import authorization, charging, reservations
from fleet.dialect import Request, StopReason
from fleet.frames import Payload
from fleet.keys import Setting
from fleet.link import Reply
from fleet.station import Station


def heartbeat() -> Request:
    """Heartbeat (OCPP 1.6 §4.6, 2.0.1 G02): still there."""
    return "Heartbeat", {}


def cancel_reservation(station: Station, payload: Payload) -> Reply:
    """CancelReservation (OCPP 1.6 §5.1, 2.0.1 H02)."""
    cancelled = reservations.cancel(station, payload["reservationId"])
    return Reply({"status": "Accepted" if cancelled else "Rejected"})


def clear_cache(station: Station, payload: Payload) -> Reply:
    """ClearCache (OCPP 1.6 §5.4, 2.0.1 C11)."""
    if not station.is_set(Setting.CACHE_ENABLED):
        return Reply({"status": "Rejected"})
    authorization.clear_cache(station)
    return Reply({"status": "Accepted"})


def data_transfer(station: Station, payload: Payload) -> Reply:
    """DataTransfer (OCPP 1.6 §5.6, 2.0.1 P01): no charger here has a vendor's extensions."""
    return Reply({"status": "UnknownVendorId"})


def stop_transaction(station: Station, payload: Payload) -> Reply:
    """RemoteStopTransaction (OCPP 1.6 §5.12), RequestStopTransaction (2.0.1 F03)."""
    found = charging.find_transaction(station, payload["transactionId"])
    if found is None or not station.online:
        return Reply({"status": "Rejected"})
    connector, transaction = found

    async def stop() -> None:
        if connector.transaction is transaction:
            charging.stop(station, connector, StopReason.REMOTE)

    return Reply({"status": "Accepted"}, then=stop)
