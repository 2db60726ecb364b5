"""What a charger that moves, goes, or gets other connectors, takes along and leaves behind on the OCPI side."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storage.equipment import Equipment, electrical
from storage.models import Charger, Evse, Location, OcpiConnector, Topology, utc_now
from storage.provision import default_route_of, find_place


def rewire(session: Session, charger: Charger, equipment: Equipment, left: str | None) -> None:
    """Makes EVSEs, OCPI connectors and routes fit the charger's connector type and the site it stands at.

    `left` is the site it stood at: it has changed, which is all that an OCPI peer sees of what is gone there.
    """
    if left != charger.location_id:
        touched = update(Location).where(Location.id == left).values(updated_at=utc_now())
        session.execute(touched.execution_options(synchronize_session=False))
    evses = session.scalars(select(Evse).where(Evse.charger_id == charger.id)).all()
    own_connectors = OcpiConnector.evse_id.in_([evse.id for evse in evses])
    routes, own = delete(Topology).where(Topology.charger_id == charger.id), delete(OcpiConnector).where(own_connectors)
    session.execute(routes.execution_options(synchronize_session=False))
    session.execute(own.execution_options(synchronize_session=False))
    place = find_place(session, charger.location_id)
    ocpi_location_id = place.ocpi_location_id if place else None
    charger.location_name = place.location_name if place else None
    charger.topology_default_id = None
    if place is not None and ocpi_location_id is not None and not place.has_chargers:
        _give_default(session, charger, ocpi_location_id)
    for evse in evses:
        evse.connector_type, evse.last_updated = charger.connector_type, utc_now()
        evse.ocpi_connector_id = evse.topology_id = None
        if ocpi_location_id is not None:
            _advertise(session, charger, evse, equipment, ocpi_location_id)
    if left != charger.location_id:
        pass_default_on(session, left)


def pass_default_on(session: Session, location_id: str | None) -> None:
    """Gives the default route of a site that a charger has left to the oldest one that stays.

    Whoever calls it has locked the site, so that of two that leave at once the second finds the first one's heir.
    """
    place = find_place(session, location_id)
    if place is None or place.ocpi_location_id is None or place.has_chargers:
        return
    here = select(Charger).where(Charger.location_id == location_id).order_by(Charger.created_at, Charger.identity)
    heir = session.scalars(here.limit(1)).first()
    if heir is not None:
        _give_default(session, heir, place.ocpi_location_id)


def _give_default(session: Session, charger: Charger, ocpi_location_id: str) -> None:
    charger.topology_default_id = default_route_of(ocpi_location_id)
    session.add(_route(charger.topology_default_id, ocpi_location_id, charger, None))


def _advertise(session: Session, charger: Charger, evse: Evse, equipment: Equipment, ocpi_location_id: str) -> None:
    key = evse.id.removeprefix("evse-")
    evse.ocpi_connector_id, evse.topology_id = f"con-{key}", f"top-{key}"
    values = electrical(charger.connector_type, equipment)
    session.add(OcpiConnector(id=evse.ocpi_connector_id, evse_id=evse.id, **values))
    session.add(_route(evse.topology_id, ocpi_location_id, charger, evse))


def _route(id: str, ocpi_location_id: str, charger: Charger, evse: Evse | None) -> Topology:
    return Topology(
        id=id,
        ocpi_location_id=ocpi_location_id,
        charger_id=charger.id,
        evse_uid=evse.evse_uid if evse else None,
        connector_number=evse.connector_number if evse else None,
    )
