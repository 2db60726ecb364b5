"""Whether connectors are in service: a change waits for the end of a transaction (OCPP 1.6 §5.2, 2.0.1 G03).

While a restart waits for transactions no other shall begin, so connectors go out of service (1.6 §5.19, 2.0.1 B12).
"""

from __future__ import annotations

from fleet import reservations, statuses
from fleet.station import Station


def apply(station: Station) -> None:
    """Lets connectors without a transaction change to the availability that is wanted."""
    for connector in station.connectors:
        operative = connector.wanted_operative and not station.closing
        if connector.transaction is None and connector.operative != operative:
            connector.operative = operative
            statuses.report(station, connector)
            station.changed()
            if not operative:
                reservations.remove(station, connector)
