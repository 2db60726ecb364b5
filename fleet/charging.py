"""What drivers, cars and the CSMS do to a connector: cable, token, remote start, energy, faults, availability."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fleet import authorization, availability, profiles, reservations, statuses, transactions
from fleet.connector import Authorization, Connector, Transaction
from fleet.dialect import StopReason
from fleet.keys import Setting
from fleet.station import Station

NO_AUTHORIZATION = "NoAuthorization"  # a token that is none (OCPP 2.0.1 IdTokenEnumType)


class Refused(Exception):
    """The charger can't do this now; its text is the reason, for the client."""


def plug(station: Station, connector: Connector) -> None:
    """Puts the cable in; a token that waited for it begins its transaction."""
    if connector.plugged:
        raise Refused(f"Connector {connector.number} already has a cable plugged in.")
    if connector.fault is not None:
        raise Refused(f"Connector {connector.number} has a fault: {connector.fault}.")
    connector.plugged = True
    connector.finished = False
    transactions.changed(station, connector)
    if connector.authorization is not None and connector.authorization.accepted:
        start_when_plugged(station, connector, connector.authorization)


def unplug(station: Station, connector: Connector) -> None:
    """Takes the cable out; by setting that ends the transaction, or leaves it suspended (OCPP 1.6 §4.8, 2.0.1 E09)."""
    if not connector.plugged:
        raise Refused(f"Connector {connector.number} has no cable plugged in.")
    if station.is_set(Setting.STOP_ON_EV_DISCONNECT):
        transactions.end(station, connector, StopReason.EV_DISCONNECTED)
    transactions.unplugged(station, connector)


def start(station: Station, connector: Connector, by: Authorization) -> None:
    """Begins a transaction for a token that was accepted."""
    reason = why_not_start(station, connector, by)
    if reason is not None:
        raise Refused(reason)
    station.cancel(f"cable {connector.number}")
    transactions.begin(station, connector, by)


def why_not_start(station: Station, connector: Connector, by: Authorization) -> str | None:
    """What stands in the way of a transaction on this connector."""
    reason = why_not_for(station, connector, by)
    if reason is None and not connector.plugged:
        return f"Connector {connector.number} has no cable plugged in."
    return reason


def why_not_for(station: Station, connector: Connector, by: Authorization, *, asks: bool = False) -> str | None:
    """Why a token can't charge here, cable or not; `asks` when the CSMS will give its verdict first."""
    number = connector.number
    if connector.fault is not None:
        return f"Connector {number} has a fault: {connector.fault}."
    if connector.transaction is not None:
        return f"Connector {number} has a transaction already."
    if not connector.operative:
        return f"Connector {number} is out of service."
    reserved = connector.reservation
    if reserved is not None and not reservations.is_for(station, reserved, by, asks=asks):
        return f"Connector {number} is reserved for another token."
    return None


def stop(station: Station, connector: Connector, reason: StopReason, token: str | None = None) -> None:
    if connector.transaction is None:
        raise Refused(f"Connector {connector.number} has no transaction.")
    transactions.end(station, connector, reason, token=token)


async def present(station: Station, connector: Connector, by: Authorization) -> None:
    """Asks for the verdict on a token and starts if it is accepted: now, or when the cable comes."""
    connector.authorization = by
    statuses.report(station, connector)
    info = await authorization.authorize(station, by.token, by.token_type)
    if connector.authorization is not by:
        return  # another token came meanwhile, or the cable went
    if not info.accepted:
        connector.authorization = None
        statuses.report(station, connector)
        return
    by.parent = info.parent
    start_when_plugged(station, connector, by)


def start_when_plugged(station: Station, connector: Connector, by: Authorization) -> None:
    """Starts at once for a token that is accepted, or waits for the cable for as long as ConnectionTimeOut says."""
    by.accepted = True
    if why_not_for(station, connector, by) is not None:
        connector.authorization = None
        statuses.report(station, connector)
    elif connector.plugged:
        start(station, connector, by)
    else:
        connector.authorization = by
        statuses.report(station, connector)
        timeout_s = station.number(Setting.CONNECTION_TIMEOUT)
        station.after(f"cable {connector.number}", timeout_s, lambda: _nobody_came(station, connector, by))


def for_remote_start(station: Station, number: int | None, by: Authorization) -> Connector | None:
    """Where the CSMS's start goes: to the connector it names, else to one that nobody waits for, best with a cable."""
    profile = by.profile
    asks = number is not None and _asks(station, by)  # who names no connector leaves those that are kept to others
    if not station.online or (profile is not None and profile["purpose"] != profiles.TX):
        return None

    def fits(connector: Connector) -> bool:
        is_meant = connector.authorization is None if number is None else connector.number == number
        has_room = profile is None or profiles.why_not(station, connector.number, profile) is None
        return is_meant and has_room and why_not_for(station, connector, by, asks=asks) is None

    return first(station, lambda c: fits(c) and c.plugged) or first(station, fits)


async def start_remotely(station: Station, connector: Connector, by: Authorization) -> None:
    """Starts for a token that the CSMS sent, after its verdict unless that is not to be asked for."""
    if _asks(station, by):
        await present(station, connector, by)
    else:
        start_when_plugged(station, connector, by)


def set_energy(station: Station, connector: Connector, *, wanted: bool) -> None:
    """The car asks for energy, or stops taking it."""
    if connector.transaction is None:
        raise Refused(f"Connector {connector.number} has no transaction.")
    connector.ev_ready = wanted
    transactions.changed(station, connector)


def set_power(station: Station, connector: Connector, power_w: int) -> None:
    """What the car draws from now on, as far as the connector and the charging profiles allow."""
    connector.power_w = power_w
    transactions.changed(station, connector)
    station.changed()


def inject_fault(station: Station, connector: Connector, fault: str) -> None:
    """Breaks a connector: no energy flows until the fault is cleared."""
    connector.fault = fault
    transactions.changed(station, connector)
    reservations.remove(station, connector)


def clear_fault(station: Station, connector: Connector) -> None:
    connector.fault = None
    transactions.changed(station, connector)


def unlock(station: Station, connector: Connector) -> None:
    """Opens the lock of the plug; a running transaction ends first (OCPP 1.6 §5.18)."""
    if connector.transaction is not None:
        transactions.end(station, connector, StopReason.UNLOCK)


def set_availability(station: Station, connectors: Iterable[Connector], *, operative: bool) -> bool:
    """Takes connectors in or out of service. False when a transaction has to end before (OCPP 1.6 §5.2, 2.0.1 G03)."""
    at_once = True
    for connector in connectors:
        connector.wanted_operative = operative
        at_once = at_once and connector.transaction is None
    availability.apply(station)
    return at_once


def first(station: Station, fits: Callable[[Connector], bool]) -> Connector | None:
    """The first connector for which something holds."""
    return next((connector for connector in station.connectors if fits(connector)), None)


def find_transaction(station: Station, id: str | int) -> tuple[Connector, Transaction] | None:
    """A running transaction by the id that its CSMS knows it by."""
    for connector in station.connectors:
        transaction = connector.transaction
        if transaction is not None and str(id) in (transaction.id, str(transaction.number)):
            return connector, transaction
    return None


async def _nobody_came(station: Station, connector: Connector, by: Authorization) -> None:
    if connector.authorization is by:
        connector.authorization = None
        statuses.report(station, connector)


def _asks(station: Station, by: Authorization) -> bool:
    return station.is_set(Setting.AUTHORIZE_REMOTE) and by.token_type != NO_AUTHORIZATION
