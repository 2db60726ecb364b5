"""Which rows each resolved field of the schema reads, for the read planner.

A field that is not listed here, and is not an attribute of its row, is resolved by the ordinary executor. The
statements and filters are those of the resolvers, so that both ways of answering have one source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resolvers import chargers, filters, locations, ocpi_locations
from resolvers.chargers import FrameFilter
from storage import catalog as catalog_store
from storage import chargers as charger_store
from storage import cpos as cpo_store
from storage import jobs as job_store
from storage import locations as location_store
from storage import ocpi_locations as ocpi_location_store
from storage.models import Brand, Charger, Cpo, Evse, Job, JobItem, Location, Model, OcpiLocation, OcppMessage
from storage.paging import Column, Order
from storage.text import is_storable

Rows = Any
Link = tuple[Column, Column]


@dataclass(frozen=True)
class Find:
    """The row whose `key` is the field's only argument; `parse` gives None for what no row can have."""

    rows: Callable[[], Rows]
    key: Column
    parse: Callable[[str], Any] = lambda text: text if is_storable(text) else None


@dataclass(frozen=True)
class One:
    """The row that a row leads to: its second attribute equals the first of the row above."""

    rows: Callable[[], Rows]
    link: Link


@dataclass(frozen=True)
class Many:
    """A list without pages, of the rows that a row leads to or, without a link, of all."""

    rows: Callable[[], Rows]
    link: Link | None = None


@dataclass(frozen=True)
class Pages:
    """A connection. `rows` takes the field's arguments other than those of paging and order."""

    rows: Callable[..., Rows]
    order: Callable[..., Order]
    link: Link | None = None


@dataclass(frozen=True)
class Members:
    """An object, or null, in a JSON column of the row; `otherwise` has the JSON of members that may be missing."""

    column: str
    otherwise: Mapping[str, str]


Read = Find | One | Many | Pages | Members


def _always(order: Order) -> Callable[..., Order]:
    return lambda _order_by: order


def _locations(where: Any = None) -> Rows:
    return locations.narrow(location_store.locations(), where)


def _ocpi_locations(where: Any = None) -> Rows:
    return ocpi_locations.narrow(ocpi_location_store.ocpi_locations(), where)


def _chargers(where: Any = None) -> Rows:
    return chargers.narrow(charger_store.chargers(), where)


def _jobs(where: Any = None) -> Rows:
    return filters.filtered_jobs(job_store.jobs(), where)


def _frames(event: Any = None, from_: Any = None, to: Any = None) -> Rows:
    return chargers.narrow_frames(charger_store.frames(), FrameFilter(event, from_, to))


ERROR = Members("error", {"retryable": "false"})

READS: Mapping[tuple[str, str], Read] = {
    ("Query", "location"): Find(location_store.locations, Location.id),
    ("Query", "locations"): Pages(_locations, locations.order_of),
    ("Query", "charger"): Find(charger_store.chargers, Charger.id),
    ("Query", "chargers"): Pages(_chargers, chargers.order_of),
    ("Query", "cpo"): Find(cpo_store.cpos, Cpo.id, filters.network_number),
    ("Query", "cpos"): Pages(cpo_store.cpos, _always(cpo_store.NEWEST_FIRST)),
    ("Query", "ocpiLocation"): Find(ocpi_location_store.ocpi_locations, OcpiLocation.id),
    ("Query", "job"): Find(job_store.jobs, Job.id),
    ("Query", "jobs"): Pages(_jobs, _always(job_store.NEWEST_FIRST)),
    ("Query", "brands"): Many(lambda: catalog_store.brands().order_by(Brand.slug)),
    ("Query", "brand"): Find(catalog_store.brands, Brand.slug),
    ("Brand", "models"): Many(lambda: catalog_store.models().order_by(Model.slug), (Brand.id, Model.brand_id)),
    ("Model", "brand"): One(catalog_store.brands, (Model.brand_id, Brand.id)),
    ("Location", "chargers"): Pages(_chargers, _always(charger_store.NEWEST_FIRST), (Location.id, Charger.location_id)),
    ("Location", "ocpiLocation"): One(ocpi_location_store.ocpi_locations, (Location.id, OcpiLocation.location_id)),
    ("OcpiLocation", "location"): One(location_store.locations, (OcpiLocation.location_id, Location.id)),
    ("OcpiLocation", "cpo"): One(cpo_store.cpos, (OcpiLocation.network_id, Cpo.id)),
    ("OcpiLocation", "chargers"): Pages(
        _chargers, _always(charger_store.NEWEST_FIRST), (OcpiLocation.location_id, Charger.location_id)
    ),
    ("Charger", "location"): One(location_store.locations, (Charger.location_id, Location.id)),
    ("Charger", "evses"): Many(charger_store.evses, (Charger.id, Evse.charger_id)),
    ("Charger", "logs"): Pages(
        _frames, _always(charger_store.NEWEST_FRAMES_FIRST), (Charger.id, OcppMessage.charger_id)
    ),
    ("EVSE", "charger"): One(charger_store.chargers, (Evse.charger_id, Charger.id)),
    ("OcppMessage", "charger"): One(charger_store.chargers, (OcppMessage.charger_id, Charger.id)),
    ("Cpo", "locations"): Pages(_ocpi_locations, ocpi_locations.order_of, (Cpo.id, OcpiLocation.network_id)),
    ("Job", "items"): Pages(job_store.items, _always(job_store.BY_INDEX), (Job.id, JobItem.job_id)),
    ("Job", "cpo"): One(cpo_store.cpos, (Job.network_id, Cpo.id)),
    ("Job", "location"): One(location_store.locations, (Job.location_id, Location.id)),
    ("JobItem", "ocpiLocation"): One(ocpi_location_store.ocpi_locations, (JobItem.ocpi_location_id, OcpiLocation.id)),
    ("JobItem", "charger"): One(charger_store.chargers, (JobItem.charger_id, Charger.id)),
    ("Job", "error"): ERROR,
    ("JobItem", "error"): ERROR,
    ("ChargerProvisioning", "error"): ERROR,
    ("CpoProvisioning", "error"): ERROR,
}

# What only Python can make; a test holds every resolved field to one of these two lists.
COMPUTED: Sequence[tuple[str, str]] = (
    ("Query", "node"),
    ("Query", "viewer"),
    ("Query", "cpoTemplates"),
    ("Query", "locationTemplates"),
    ("Cpo", "ocpiPeerUrl"),
    ("Cpo", "topology"),
    ("Cpo", "report"),
    ("JobProgress", "percent"),
)
