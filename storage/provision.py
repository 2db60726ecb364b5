"""Writes what one site or charger is made of: up to ten tables, in the caller's transaction.

Ids come from the caller's key, so that writing the same unit again makes the same rows. The rows are put where the
caller says: into a batch of a job step, or into the session of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.equipment import Equipment, electrical
from storage.keys import connector_key
from storage.models import (
    Base,
    ChargePoint,
    ChargePointConnector,
    Charger,
    Evse,
    EvseStatus,
    Location,
    OcpiConnector,
    OcpiLocation,
    ProvisioningStatus,
    RuntimeStatus,
    Topology,
)
from storage.slugs import slug_of
from storage.text import is_storable

FIRMWARE_VERSION = "1.0.0"
IDENTITY_LENGTH = 48  # OCPP 2.0.1 Part 4 §4.1.1: an identity has at most 48 characters


Put = Callable[[type[Base], Sequence[Mapping[str, Any]]], None]  # takes the rows that are to be inserted


@dataclass(frozen=True)
class NewCharger:
    """A charger to write; all its ids are made from `key`."""

    key: UUID
    identity: str
    name: str | None
    connector_type: str
    ocpp_version: str
    ws_url: str
    equipment: Equipment
    network: dict[str, Any] | None = None  # what is wrong with the network to its CSMS

    @property
    def id(self) -> str:
        return f"dep-{self.key.hex}"

    @property
    def station_id(self) -> str:
        return str(self.key)


@dataclass(frozen=True)
class Place:
    """Where chargers are written: a site, and its OCPI location where a network advertises it."""

    location_id: str | None
    location_name: str | None = None
    ocpi_location_id: str | None = None
    has_chargers: bool = False


@dataclass(frozen=True)
class Provisioning:
    """The state in which new chargers are written."""

    status: ProvisioningStatus
    workflow_run_id: str
    at: datetime


def find_place(session: Session, location_id: str | None) -> Place | None:
    """A site as new chargers need it; None when there is no such site.

    Its default route stays until the commit: the charger that has it can't go while another one relies on it.
    """
    if location_id is None or not is_storable(location_id):
        return None
    found = session.execute(
        select(Location.name, OcpiLocation.id)
        .outerjoin(OcpiLocation, OcpiLocation.location_id == Location.id)
        .where(Location.id == location_id)
    ).one_or_none()
    if found is None:
        return None
    name, ocpi_location_id = found
    default_route = select(Topology.id).where(
        Topology.ocpi_location_id == ocpi_location_id, Topology.evse_uid.is_(None)
    )
    kept = default_route.limit(1).with_for_update(read=True, key_share=True)
    has_chargers = ocpi_location_id is not None and session.scalars(kept).first() is not None
    return Place(location_id, name, ocpi_location_id, has_chargers)


def add_ocpi_location(
    put: Put, key: UUID, *, network_id: int, site: Mapping[str, Any], slug_salt: UUID, at: datetime
) -> Place:
    """Writes a site and its OCPI location. `site` holds the attributes of both rows, as their columns are named."""
    location_id, ocpi_location_id = str(key), f"loc-{key.hex}"
    put(
        Location,
        [
            {
                "id": location_id,
                "slug": slug_of(site["name"], slug_salt),
                **{name: site[name] for name in _SITE_COLUMNS},
                "status": "active",
                "created_at": at,
                "updated_at": at,
            }
        ],
    )
    put(
        OcpiLocation,
        [
            {
                "id": ocpi_location_id,
                "location_id": location_id,
                "network_id": network_id,
                "parking_type": site["parking_type"],
                "created_at": at,
            }
        ],
    )
    return Place(location_id, site["name"], ocpi_location_id)


def add_chargers(put: Put, chargers: Sequence[NewCharger], place: Place, provisioning: Provisioning) -> None:
    """Writes chargers with their connectors and EVSEs, and for an OCPI location their OCPI connectors and routes.

    The first charger of an OCPI location carries the id of the location's default route.
    """
    if not chargers:
        return
    rows = _Rows()
    default_route = None
    if place.ocpi_location_id is not None and not place.has_chargers:
        default_route = default_route_of(place.ocpi_location_id)
    for charger in chargers:
        _station(rows, charger, place, provisioning, default_route if charger is chargers[0] else None)
        for number in range(1, charger.equipment.connector_count + 1):
            _connector(rows, charger, number, place, provisioning.at)
    if default_route is not None:
        rows.routes.append(_route(default_route, place, chargers[0], None, None))
    for model, values in rows.in_order():
        if values:
            put(model, values)


def default_route_of(ocpi_location_id: str) -> str:
    """The id of a location's default route: one, so that two writers at once can't give it two defaults."""
    return f"top-{ocpi_location_id.removeprefix('loc-')}"


_SITE_COLUMNS = (
    "name", "address", "city", "country", "latitude", "longitude", "timezone", "owner_name", "public",
)  # fmt: skip


@dataclass(frozen=True)
class _Rows:
    """The rows of a batch of chargers, by table, so that each table is one statement."""

    stations: list[dict[str, Any]] = field(default_factory=list)
    chargers: list[dict[str, Any]] = field(default_factory=list)
    connectors: list[dict[str, Any]] = field(default_factory=list)
    evses: list[dict[str, Any]] = field(default_factory=list)
    ocpi_connectors: list[dict[str, Any]] = field(default_factory=list)
    routes: list[dict[str, Any]] = field(default_factory=list)

    def in_order(self) -> list[tuple[type[Base], list[dict[str, Any]]]]:
        """Parents before children."""
        return [
            (ChargePoint, self.stations),
            (Charger, self.chargers),
            (ChargePointConnector, self.connectors),
            (Evse, self.evses),
            (OcpiConnector, self.ocpi_connectors),
            (Topology, self.routes),
        ]


def _station(
    rows: _Rows, charger: NewCharger, place: Place, provisioning: Provisioning, default_route: str | None
) -> None:
    equipment, at = charger.equipment, provisioning.at
    is_ready = provisioning.status is ProvisioningStatus.READY
    rows.stations.append(
        {
            "id": charger.station_id,
            "serial_number": charger.key.hex[-20:].upper(),
            "firmware_version": FIRMWARE_VERSION,
            "registration_status": None,
            "configuration": {"network": charger.network} if charger.network else {},
            "created_at": at,
            "updated_at": at,
        }
    )
    rows.chargers.append(
        {
            "id": charger.id,
            "identity": charger.identity,
            "name": charger.name,
            "location_id": place.location_id,
            "location_name": place.location_name,
            "charge_point_id": charger.station_id,
            "brand_slug": equipment.brand_slug,
            "model_slug": equipment.model_slug,
            "vendor_name": equipment.vendor_name,
            "model": equipment.name,
            "image_url": equipment.image_url,
            "connector_type": charger.connector_type,
            "number_of_connectors": equipment.connector_count,
            "max_charging_power": equipment.max_power_w,
            "ocpp_version": charger.ocpp_version,
            "ws_url": charger.ws_url,
            "topology_default_id": default_route,
            "desired_running": is_ready,
            "runtime_status": RuntimeStatus.STARTING,
            "status": provisioning.status,
            "workflow_run_id": provisioning.workflow_run_id,
            "provisioned_at": at if is_ready else None,
            "created_at": at,
            "updated_at": at,
        }
    )


def _connector(rows: _Rows, charger: NewCharger, number: int, place: Place, at: datetime) -> None:
    """One physical connector: its own EVSE, with exactly one OCPI connector and one route (REST contract §2)."""
    key, count = connector_key(charger.key, number), charger.equipment.connector_count
    evse_id = f"evse-{key.hex}"
    evse_uid = charger.identity if count == 1 else f"{charger.identity}_C{number}"
    connector_id = route_id = None
    if place.ocpi_location_id is not None:
        connector_id, route_id = f"con-{key.hex}", f"top-{key.hex}"
        rows.ocpi_connectors.append(
            {
                "id": connector_id,
                "evse_id": evse_id,
                "last_updated": at,
                **electrical(charger.connector_type, charger.equipment),
            }
        )
        rows.routes.append(_route(route_id, place, charger, evse_uid, number))
    rows.connectors.append(
        {
            "id": str(key),
            "charge_point_id": charger.station_id,
            "connector_number": number,
        }
    )
    rows.evses.append(
        {
            "id": evse_id,
            "charger_id": charger.id,
            "evse_uid": evse_uid,
            "connector_number": number,
            "connector_type": charger.connector_type,
            "max_power": charger.equipment.max_power_w,
            "status": EvseStatus.UNKNOWN,
            "last_updated": at,
            "ocpi_connector_id": connector_id,
            "topology_id": route_id,
        }
    )


def _route(id: str, place: Place, charger: NewCharger, evse_uid: str | None, number: int | None) -> dict[str, Any]:
    return {
        "id": id,
        "ocpi_location_id": place.ocpi_location_id,
        "charger_id": charger.id,
        "evse_uid": evse_uid,
        "connector_number": number,
    }
