"""Whether a job left exactly what it says: every row once in every table, no orphan, counts and events that agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, create_engine, text

# what a row of the first table must have exactly one of in the second
PAIRS = (
    ("locations", "id", "ocpi_locations", "location_id"),
    ("ocpi_locations", "location_id", "locations", "id"),
    ("deployments", "charge_point_id", "charge_points", "id"),
    ("charge_points", "id", "deployments", "charge_point_id"),
    ("ocpi_evses", "id", "ocpi_connectors", "evse_id"),
    ("ocpi_connectors", "evse_id", "ocpi_evses", "id"),
    ("ocpi_evses", "topology_id", "topologies", "id"),
    ("ocpi_evses", "charger_id", "deployments", "id"),
    ("deployments", "location_id", "locations", "id"),
)


def audit(url: str, organization_id: str, job_id: str, *, names: Sequence[str], identities: Sequence[str] = ()) -> None:
    """Asserts that a job that succeeded made exactly these sites and chargers, and nothing else is there."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            _Audit(connection, organization_id, job_id).run(names, identities)
    finally:
        engine.dispose()


class _Audit:
    def __init__(self, connection: Connection, organization_id: str, job_id: str) -> None:
        self._connection = connection
        self._scope = {"tenant": organization_id, "job": job_id}

    def run(self, names: Sequence[str], identities: Sequence[str]) -> None:
        assert self._column("SELECT name FROM locations WHERE organization_id = :tenant") == sorted(names)
        assert self._column("SELECT identity FROM deployments WHERE organization_id = :tenant") == sorted(identities)
        for child, key, parent, parent_key in PAIRS:
            self._check_pair(child, key, parent, parent_key)
        self._check_defaults()
        self._check_job(len(names))

    def _check_pair(self, table: str, key: str, other: str, other_key: str) -> None:
        alone = self._column(
            f"SELECT a.{key} FROM {table} a WHERE a.organization_id = :tenant"
            f" AND (SELECT count(*) FROM {other} b WHERE b.{other_key} = a.{key}) <> 1"
        )
        assert alone == [], f"{table} without exactly one row of {other}"

    def _check_defaults(self) -> None:
        """Each OCPI location with chargers has one default route, and one charger that names it."""
        defaults = self._column(
            "SELECT ocpi_location_id FROM topologies WHERE organization_id = :tenant AND evse_uid IS NULL"
        )
        sites = self._column(
            "SELECT DISTINCT o.id FROM ocpi_locations o JOIN deployments d ON d.location_id = o.location_id"
            " WHERE o.organization_id = :tenant"
        )
        assert defaults == sites
        named = self._column(
            "SELECT topology_default_id FROM deployments"
            " WHERE organization_id = :tenant AND topology_default_id IS NOT NULL"
        )
        assert len(named) == len(set(named)) == len(sites)

    def _check_job(self, total: int) -> None:
        job = self._rows("SELECT status, total, succeeded, failed, sequence FROM jobs WHERE id = :job")
        assert [tuple(row) for row in job] == [("READY", total, total, 0, total + 2)]
        items = self._rows("SELECT status, attempts, ocpi_location_id FROM job_items WHERE job_id = :job")
        assert {row.status for row in items} == {"SUCCEEDED"}
        assert all(row.attempts >= 1 for row in items)
        made = sorted(row.ocpi_location_id for row in items)
        assert made == self._column("SELECT id FROM ocpi_locations WHERE organization_id = :tenant")
        sequences = self._rows("SELECT sequence FROM job_events WHERE job_id = :job ORDER BY sequence")
        assert [row.sequence for row in sequences] == list(range(1, total + 3))
        events = self._rows("SELECT item_index FROM job_events WHERE job_id = :job AND item_index IS NOT NULL")
        assert sorted(row.item_index for row in events) == list(range(total))

    def _rows(self, statement: str) -> Sequence[Any]:
        wanted = {name: value for name, value in self._scope.items() if f":{name}" in statement}
        return self._connection.execute(text(statement), wanted).all()

    def _column(self, statement: str) -> list[Any]:
        return sorted(row[0] for row in self._rows(statement))
