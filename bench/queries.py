"""What the read benchmark asks: four documents, the same for every server, and the statement that a person would write.

Lists of the public contract are connections, so the documents ask for `nodes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SITE = "id slug name address city country timezone public"
EVSE = "id evseUid connectorType status"
TREE = f"id name city chargers {{ nodes {{ id identity vendorName model connectorType evses {{ {EVSE} }} }} }}"
PLACE = "pageInfo { hasNextPage endCursor }"

SITES = "query ($first: Int!) { locations(first: $first) { nodes { %s } } }"
PAGED_SITES = SITES.replace("} } }", f"}} {PLACE} }} }}")


@dataclass(frozen=True)
class Query:
    """One document; `sizes` are the values of `$first`, none for the query of one site by `$id`."""

    title: str
    document: str
    first: int | None = None

    def variables(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The variables of the requests, one after the other."""
        return [{"id": id} for id in ids] if self.first is None else [{"first": self.first}]


QUERIES: Mapping[str, Query] = {
    "Q1": Query("one location", f"query ($id: ID!) {{ location(id: $id) {{ {SITE} }} }}"),
    "Q2": Query("50 locations", SITES % SITE, 50),
    "Q3": Query("50 → chargers → EVSEs", SITES % TREE, 50),
    "Q4": Query("100 → chargers → EVSEs", SITES % TREE, 100),
}

# the same lists as connections that say where they go on, the inner ones too
PAGED: Mapping[str, Query] = {
    "Q2 paged": Query("50 locations with pageInfo", PAGED_SITES % SITE, 50),
    "Q3 paged": Query("50 → chargers → EVSEs with pageInfo", PAGED_SITES % TREE.replace("nodes", f"{PLACE} nodes"), 50),
}

REST: Mapping[str, str] = {
    "one site": "/ocpp/locations/{id}",
    "50 sites": "/ocpp/locations?limit=50",
    "50 chargers of one site": "/ocpp/locations/{id}/chargers?limit=50",
}

# PostGraphile makes its schema from the tables; aliases give its answers the shape of the others'
POSTGRAPHILE_SITE = SITE.replace("id ", "id: rowId ", 1)
POSTGRAPHILE_TREE = (
    "id: rowId name city chargers: deploymentsByLocationId(orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) { nodes {"
    " id: rowId identity vendorName model connectorType"
    " evses: ocpiEvsesByChargerIdList(orderBy: [CONNECTOR_NUMBER_ASC]) {"
    " id: rowId evseUid connectorType status } } }"
)
POSTGRAPHILE_SITES = (
    "query ($first: Int!, $organization: String!) { locations: allLocations("
    "first: $first, condition: {organizationId: $organization}, orderBy: [CREATED_AT_DESC, ROW_ID_DESC])"
    " { nodes { %s } } }"
)
POSTGRAPHILE: Mapping[str, str] = {
    "Q1": f"query ($id: String!) {{ location: locationByRowId(rowId: $id) {{ {POSTGRAPHILE_SITE} }} }}",
    "Q2": POSTGRAPHILE_SITES % POSTGRAPHILE_SITE,
    "Q3": POSTGRAPHILE_SITES % POSTGRAPHILE_TREE,
    "Q4": POSTGRAPHILE_SITES % POSTGRAPHILE_TREE,
}

_PAGE = "FROM locations l WHERE l.organization_id = $1 ORDER BY l.created_at DESC, l.id DESC LIMIT $2"
_ONE = "FROM locations l WHERE l.organization_id = $1 AND l.id = $2"
_CHARGERS = (
    "FROM deployments d WHERE d.organization_id = $1 AND d.location_id = l.id"
    " ORDER BY d.created_at DESC, d.id DESC LIMIT 50"
)
_EVSES = "FROM ocpi_evses e WHERE e.charger_id = d.id ORDER BY e.connector_number"

_SITE_COLUMNS = "l.id, l.slug, l.name, l.address, l.city, l.country, l.timezone, l.public"
_POSTGRES_TREE = f"""SELECT json_agg(r) FROM (SELECT l.id, l.name, l.city, (SELECT json_build_object('nodes',
    coalesce(json_agg(r), '[]')) FROM (SELECT d.id, d.identity, d.vendor_name AS "vendorName", d.model,
      d.connector_type AS "connectorType", (SELECT coalesce(json_agg(r), '[]') FROM (SELECT e.id,
        e.evse_uid AS "evseUid", e.connector_type AS "connectorType", e.status {_EVSES}) r) AS evses
    {_CHARGERS}) r) AS chargers {_PAGE}) r"""

_SQLITE_SITE = (
    "json_object('id', l.id, 'slug', l.slug, 'name', l.name, 'address', l.address, 'city', l.city,"
    " 'country', l.country, 'timezone', l.timezone, 'public', json(iif(l.public, 'true', 'false')))"
)
_SQLITE_TREE = f"""SELECT json_group_array(json_object('id', l.id, 'name', l.name, 'city', l.city, 'chargers',
  json_object('nodes', (SELECT json_group_array(json_object('id', d.id, 'identity', d.identity,
    'vendorName', d.vendor_name, 'model', d.model, 'connectorType', d.connector_type, 'evses',
    (SELECT json_group_array(json_object('id', e.id, 'evseUid', e.evse_uid, 'connectorType', e.connector_type,
      'status', e.status)) FROM (SELECT * {_EVSES}) e)))
    FROM (SELECT * {_CHARGERS}) d)))) FROM (SELECT * {_PAGE}) l"""

# what one hand-written statement answers, for an organization and an id or a page size
POSTGRES: Mapping[str, str] = {
    "Q1": f"SELECT to_json(r) FROM (SELECT {_SITE_COLUMNS} {_ONE}) r",
    "Q2": f"SELECT json_agg(r) FROM (SELECT {_SITE_COLUMNS} {_PAGE}) r",
    "Q3": _POSTGRES_TREE,
    "Q4": _POSTGRES_TREE,
}
SQLITE: Mapping[str, str] = {
    "Q1": f"SELECT {_SQLITE_SITE} {_ONE}".replace("$", "?"),
    "Q2": f"SELECT json_group_array({_SQLITE_SITE}) FROM (SELECT * {_PAGE}) l".replace("$", "?"),
    "Q3": _SQLITE_TREE.replace("$", "?"),
    "Q4": _SQLITE_TREE.replace("$", "?"),
}
