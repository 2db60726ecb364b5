"""Rows with sensible defaults, written as the tenant's own; a test states only what matters to it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from storage.bulk import insert_rows
from storage.models import (
    ChargePoint,
    Charger,
    Cpo,
    Credentials,
    Evse,
    Job,
    JobItem,
    Location,
    OcpiConnector,
    OcpiLocation,
    OcppMessage,
    utc_now,
)
from tests.support.gateway import Tenant

_numbers = count(1)
_parties = count()  # random ones of three characters meet now and then


def writing(tenant: Tenant) -> AbstractAsyncContextManager[AsyncSession]:
    """A transaction of this tenant."""
    return tenant.gateway.services.database.write(tenant.organization_id)


async def add_location(tenant: Tenant, **values: Any) -> Location:
    """A site without a network."""
    async with writing(tenant) as session:
        session.add(row := Location(**_site() | values))
    return row


async def add_cpo(tenant: Tenant, **values: Any) -> Cpo:
    """A network that is ready, with an unused Token A."""
    defaults = {
        "country_code": "FR", "party_id": f"{next(_parties) % 1000:03}", "role": "CPO", "name_prefix": "demo-",
        "template": "small-urban-ac", "template_version": 1, "ocpi_version": "2.2.1", "seed": 1, "overrides": {},
        "status": "READY", "workflow_run_id": f"wfr_{uuid4().hex}",
    }  # fmt: skip
    async with writing(tenant) as session:
        session.add(row := Cpo(**defaults | values))
        await session.flush()
        session.add(Credentials(network_id=row.id, kind="A", token=f"a_{uuid4().hex}"))
    return row


async def add_ocpi_location(tenant: Tenant, cpo: Cpo, *, parking_type: str | None = None, **site: Any) -> OcpiLocation:
    """A site of a network."""
    async with writing(tenant) as session:
        session.add(location := Location(**_site() | site))
        await session.flush()
        row = OcpiLocation(
            id=f"loc-{uuid4().hex}", location=location, location_id=location.id, network_id=cpo.id,
            parking_type=parking_type, created_at=location.created_at,
        )  # fmt: skip
        session.add(row)
    return row


async def add_ocpi_locations(tenant: Tenant, cpo: Cpo, count: int) -> list[str]:
    """So many sites of a network, thousands within a second; gives the ids of their OCPI locations."""
    now = utc_now()
    record = {"created_at": now, "updated_at": now}
    sites = [_site() | record | {"id": str(uuid4()), "slug": f"site-{uuid4().hex}"} for _ in range(count)]
    rows = [
        {"id": f"loc-{uuid4().hex}", "location_id": site["id"], "network_id": cpo.id, "created_at": now}
        for site in sites
    ]
    async with writing(tenant) as session:
        await session.run_sync(insert_rows, Location, sites)
        await session.run_sync(insert_rows, OcpiLocation, rows)
    return [str(row["id"]) for row in rows]


async def add_charger(tenant: Tenant, *, location_id: str | None = None, evses: int = 1, **values: Any) -> Charger:
    """A charger that should not run, with its EVSEs."""
    number = next(_numbers)
    defaults = {
        **_deployment(), "id": f"dep-{uuid4().hex}", "identity": f"CP-{number}", "number_of_connectors": evses,
    }  # fmt: skip
    async with writing(tenant) as session:
        session.add(station := ChargePoint(serial_number=str(number), firmware_version="1", configuration={}))
        await session.flush()
        row = Charger(**defaults | values, charge_point_id=station.id, location_id=location_id)
        session.add(row)
        await session.flush()
        for connector in range(1, evses + 1):
            await _add_evse(session, row, connector)
    return row


async def add_chargers(tenant: Tenant, location_id: str, count: int) -> None:
    """So many chargers that should not run, without EVSEs: thousands within a second."""
    now, first = utc_now(), next(_numbers)
    stations: list[dict[str, Any]] = []
    chargers: list[dict[str, Any]] = []
    for number in range(count):
        record = {"created_at": now, "updated_at": now}
        station = {"id": str(uuid4()), "serial_number": str(number), "firmware_version": "1", "configuration": {}}
        charger = {
            "id": f"dep-{uuid4().hex}", "identity": f"MANY-{first}-{number}", "charge_point_id": station["id"],
            "location_id": location_id,
        }  # fmt: skip
        stations.append(station | record)
        chargers.append(_deployment() | charger | record)
    async with writing(tenant) as session:
        await session.run_sync(insert_rows, ChargePoint, stations)
        await session.run_sync(insert_rows, Charger, chargers)


async def add_job(tenant: Tenant, *, items: int = 0, **values: Any) -> Job:
    """A finished job whose items all succeeded."""
    defaults = {
        "type": "BULK_CREATE_OCPI_LOCATIONS", "status": "READY", "workflow_run_id": f"wfr_{uuid4().hex}",
        "total": items, "succeeded": items,
    }  # fmt: skip
    async with writing(tenant) as session:
        session.add(row := Job(**defaults | values))
        await session.flush()
        for index in range(items):
            session.add(JobItem(job_id=row.id, index=index, name=f"Site {index}", payload={}, status="SUCCEEDED"))
    return row


async def add_frame(tenant: Tenant, charger: Charger, **values: Any) -> OcppMessage:
    """A frame that a charger sent."""
    defaults = {
        "id": f"{next(_numbers):012}", "direction": "cp_to_csms", "action": "Heartbeat",
        "message": '[2,"1","Heartbeat",{}]',
    }  # fmt: skip
    async with writing(tenant) as session:
        session.add(row := OcppMessage(**defaults | values, charger_id=charger.id))
    return row


def _deployment() -> dict[str, Any]:
    return {
        "brand_slug": "wallbox", "model_slug": "wallbox-pulsar-plus", "vendor_name": "Wallbox", "model": "Pulsar Plus",
        "connector_type": "Type2", "number_of_connectors": 1, "max_charging_power": 22000,
        "ws_url": "ws://127.0.0.1:1/ocpp", "desired_running": False, "runtime_status": "STOPPED", "status": "READY",
    }  # fmt: skip


async def _add_evse(session: AsyncSession, charger: Charger, connector: int) -> None:
    evse = Evse(
        id=f"evse-{uuid4().hex}", charger_id=charger.id, connector_number=connector, connector_type="Type2",
        evse_uid=f"{charger.identity}_C{connector}" if charger.number_of_connectors > 1 else charger.identity,
        max_power=22000, status="AVAILABLE",
    )  # fmt: skip
    session.add(evse)
    await session.flush()
    connector_row = OcpiConnector(
        id=f"con-{uuid4().hex}", evse_id=evse.id, standard="IEC_62196_T2", format="SOCKET", power_type="AC_3_PHASE",
        max_voltage=230, max_amperage=32,
    )  # fmt: skip
    session.add(connector_row)


def _site() -> dict[str, Any]:
    return {
        "slug": f"site-{uuid4().hex[:8]}", "name": f"Site {next(_numbers)}", "address": "14 Rue de la Paix",
        "city": "Paris", "country": "FR", "latitude": 48.8566, "longitude": 2.3522,
    }  # fmt: skip
