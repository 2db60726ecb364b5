"""The data of the benchmarks: sites, each with the same number of chargers and EVSEs, of one organization."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from settings import Settings
from storage.database import Database
from storage.migrate import migrate
from storage.models import ChargePoint, Charger, Evse, Location, Organization
from storage.session import ALL_TENANTS

ORGANIZATION = "11111111-1111-4111-8111-111111111111"
OTHER_ORGANIZATION = "22222222-2222-4222-8222-222222222222"
START = datetime(2026, 1, 1, tzinfo=UTC)
CITIES = [("Paris", "FR"), ("Lyon", "FR"), ("Berlin", "DE"), ("Hamburg", "DE"), ("Utrecht", "NL"), ("Gent", "BE")]
BATCH = 500

Row = dict[str, Any]


def seed(database: Database, *, locations: int, chargers: int, evses: int, organization: str = ORGANIZATION) -> None:
    """Writes `locations` sites with `chargers` each and `evses` per charger; the same rows for the same numbers."""
    with database.work(ALL_TENANTS) as session:
        session.execute(insert(Organization).values(id=organization))
    sites = _sites(organization, locations)
    while batch := list(islice(sites, BATCH)):
        stations = [row for site in batch for row in _chargers(site, chargers)]
        points = [{**_common(row), "id": row["charge_point_id"], **_STATION} for row in stations]
        sockets = [row for station in stations for row in _evses(station, evses)]
        _write(database, [(Location, batch), (ChargePoint, points), (Charger, stations), (Evse, sockets)])


_STATION = {"serial_number": "SN-0001", "firmware_version": "1.0.0", "configuration": {}}


def _write(database: Database, rows: Sequence[tuple[type[Any], list[Row]]]) -> None:
    with database.work(ALL_TENANTS) as session:
        for entity, batch in rows:
            table: Table = entity.__table__
            if batch:
                session.connection().execute(insert(table), batch)


def _sites(organization: str, count: int) -> Iterator[Row]:
    random = Random(organization)  # the same sites in every run
    for index in range(count):
        city, country = CITIES[index % len(CITIES)]
        at = START + timedelta(milliseconds=1_000 * index + index % 7)
        yield {
            "id": str(UUID(int=random.getrandbits(128), version=4)),
            "organization_id": organization,
            "created_at": at,
            "updated_at": at,
            "slug": f"site-{index}",
            "name": f"Site {index} – «{city}»",
            "address": f"{index % 300} Main Street",
            "city": city,
            "country": country,
            "latitude": round(random.uniform(43, 54), 6),
            "longitude": round(random.uniform(-2, 14), 6),
            "timezone": "Europe/Paris" if index % 3 else None,
            "owner_name": f"Owner {index % 50}",
            "public": index % 5 != 0,
            "status": "active",
        }


def _common(row: Row) -> Row:
    return {key: row[key] for key in ("organization_id", "created_at", "updated_at")}


def _chargers(site: Row, count: int) -> Iterator[Row]:
    for number in range(count):
        yield {
            **_common(site),
            "id": f"dep-{site['id'].replace('-', '')[:24]}{number:08x}",
            "charge_point_id": f"{site['id']}-{number}",
            "identity": f"{site['slug']}-{number}",
            "name": f"Charger {number}",
            "location_id": site["id"],
            "location_name": site["name"],
            "brand_slug": "abb",
            "model_slug": "terra-54",
            "vendor_name": "ABB",
            "model": "Terra 54",
            "connector_type": "IEC_62196_T2_COMBO",
            "number_of_connectors": 2,
            "max_charging_power": 50_000,
            "ocpp_version": "OCPP1.6" if number % 2 else "OCPP2.0.1",
            "ws_url": f"ws://127.0.0.1:9000/ocpp/{site['slug']}-{number}",
            "provider": "local",
            "desired_running": False,  # nothing starts when a gateway serves this data
            "runtime_status": "STOPPED",
            "connected": False,
            "last_seen_at": site["created_at"],
            "status": "READY",
            "workflow_run_id": None,
            "provisioned_at": site["created_at"],
        }


def _evses(charger: Row, count: int) -> Iterator[Row]:
    for number in range(1, count + 1):
        yield {
            "id": f"{charger['id']}-{number}",
            "organization_id": charger["organization_id"],
            "charger_id": charger["id"],
            "evse_uid": f"{charger['identity']}-{number}",
            "connector_number": number,
            "connector_type": charger["connector_type"],
            "max_power": charger["max_charging_power"],
            "status": "AVAILABLE" if number % 2 else "CHARGING",
            "last_updated": charger["created_at"],
        }


def main() -> None:
    """Fills a fresh database from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="SQLite or PostgreSQL URL of an empty database")
    parser.add_argument("--locations", type=int, default=5_000)
    parser.add_argument("--chargers", type=int, default=4, help="per location")
    parser.add_argument("--evses", type=int, default=2, help="per charger")
    options = parser.parse_args()
    database = Database(Settings(database_url=options.url, data_dir=Path()).resolved_database_url)
    migrate(database)
    seed(database, locations=options.locations, chargers=options.chargers, evses=options.evses)


if __name__ == "__main__":
    main()
