"""Whether connectors are in service: a change waits for the end of a transaction (OCPP 1.6 §5.2, 2.0.1 G03)."""

from __future__ import annotations

from fleet.station import Station


def apply(station: Station) -> None:
    """Lets connectors without a transaction change to the availability that is wanted."""
    for connector in station.connectors:
        if connector.transaction is None and connector.operative != connector.wanted_operative:
            connector.operative = connector.wanted_operative
            station.report(connector)
            station.changed()
