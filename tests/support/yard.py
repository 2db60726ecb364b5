"""An organization with some of everything, the awkward included, for tests that ask anything about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from storage.models import Charger, Cpo, Job, JobItem, Location, OcpiLocation
from tests.support.executor import execute
from tests.support.factories import add_charger, add_cpo, add_frame, add_job, add_location, add_ocpi_location, writing
from tests.support.gateway import Tenant

# not long ago: the gateway sweeps away old frames and jobs, and networks that have expired
START = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)
SITES: list[dict[str, Any]] = [
    {"name": 'Quote " and \\ back', "city": "Paris", "timezone": "Europe/Paris", "owner_name": "Ada"},
    {"name": "Größe – «東京» 🔌", "city": "Köln", "country": "DE", "latitude": 50.937531000000003},
    {"name": "tab\tnew\nline\x01", "city": "Paris", "public": False, "longitude": -0.1},
    {"name": "  ", "city": "", "latitude": 1e-7, "longitude": 179.99999999999997, "owner_name": "Ada"},
    {"name": "S1", "city": "Lyon", "latitude": -90, "longitude": 5, "status": "paused"},
    {"name": "S2", "city": "lyon", "latitude": 0.1 + 0.2, "longitude": 1 / 3},
]
ERRORS: list[dict[str, Any] | None] = [
    None,
    {"code": "boot_failed", "message": 'said "no"', "step": "boot", "retryable": True},
    {"code": "unknown_error", "message": "é", "param": None},
]
# the connections of the schema, and the path to one with the same rows in the answer to CURSORS
CURSORS = """{
  locations { edges { cursor } nodes { chargers { edges { cursor } } } }
  chargers { edges { cursor } nodes { logs { edges { cursor } } } }
  cpos { edges { cursor } nodes { sites: locations { edges { cursor } } } }
  jobs { edges { cursor } nodes { items { edges { cursor } } } }
}"""
LISTS = {
    "Query.locations": "locations", "Query.chargers": "chargers", "Query.cpos": "cpos", "Query.jobs": "jobs",
    "Location.chargers": "chargers", "OcpiLocation.chargers": "chargers", "Charger.logs": "logs",
    "Cpo.locations": "sites", "Job.items": "items",
}  # fmt: skip


class Yard:
    """The organization's client, ids by the fields that find them, and cursors by the lists that they are of."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.ids: dict[str, list[str]] = {}
        self.cursors: dict[str, list[str]] = {}


async def build_yard(tenant: Tenant, stranger: Tenant) -> Yard:
    """Fills the organization, and puts rows of a stranger below some of its own."""
    cpos = [
        await add_cpo(tenant, status="FAILED", error=ERRORS[1], created_at=START),
        await add_cpo(tenant, expires_at=START + timedelta(days=1), provisioned_at=START, created_at=START),
    ]
    sites = []
    for number, values in enumerate(SITES):
        at = START + timedelta(milliseconds=number // 2)  # pairs of the same instant
        values = {**values, "created_at": at, "updated_at": at}
        if number % 3:
            network = cpos[number % 2]
            row = await add_ocpi_location(tenant, network, parking_type="ON_STREET" if number > 2 else None, **values)
            sites.append(row.location_id)
        else:
            sites.append((await add_location(tenant, **values)).id)
    await _add_chargers(tenant, sites)
    await _add_jobs(tenant, cpos[0].id, sites[0])
    await add_charger(stranger, location_id=sites[1], evses=2)
    return await _known(tenant)


async def _add_chargers(tenant: Tenant, sites: list[str]) -> None:
    for number in range(9):
        charger = await add_charger(
            tenant,
            location_id=sites[number % 3] if number < 8 else None,
            evses=number % 3,
            name=None if number % 2 else f"Charger {number}",
            ocpp_version="OCPP2.0.1" if number % 2 else "OCPP1.6",
            connected=number == 1,
            last_seen_at=START if number == 1 else None,
            status="FAILED" if number % 3 else "READY",
            error=ERRORS[number % 3],
            created_at=START + timedelta(seconds=number // 3),
        )
        for frame in range(number % 4):
            await add_frame(tenant, charger, timestamp=START + timedelta(seconds=frame // 2), direction="csms_to_cp")


async def _add_jobs(tenant: Tenant, network_id: int, location_id: str) -> None:
    await add_job(tenant, items=0, type="CREATE_CPO", created_at=START)
    job = await add_job(tenant, items=4, network_id=network_id, location_id=location_id, error=ERRORS[1])
    async with writing(tenant) as session:
        charger = (await session.scalars(select(Charger))).first()
        item = await session.get_one(JobItem, (job.id, 1))
        assert charger
        item.charger_id, item.ocpi_location_id = charger.id, "loc-that-is-gone"
        failed = await session.get_one(JobItem, (job.id, 2))
        failed.status, failed.error = "FAILED", ERRORS[2]


async def _known(tenant: Tenant) -> Yard:
    yard = Yard(tenant)
    finders: dict[str, Any] = {
        "location": Location, "charger": Charger, "cpo": Cpo, "ocpiLocation": OcpiLocation, "job": Job,
    }  # fmt: skip
    async with tenant.gateway.services.database.read(tenant.organization_id) as session:
        for name, model in finders.items():
            rows = await session.scalars(select(model).order_by(model.created_at, model.id))
            yard.ids[name] = [str(row.id) for row in rows]
    yard.ids["brand"] = ["abb"]
    _collect(await execute(tenant, CURSORS), "", yard.cursors)
    return yard


def _collect(value: Any, name: str, cursors: dict[str, list[str]]) -> None:
    """Files every cursor of an answer under the name of its list."""
    if isinstance(value, list):
        for each in value:
            _collect(each, name, cursors)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key == "cursor":
                cursors.setdefault(name, []).append(member)
            _collect(member, name if key in {"edges", "nodes", "node"} else key, cursors)
