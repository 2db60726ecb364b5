"""What chargers are made of: the models of the catalog, and what their connectors are to OCPI and to the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Brand, Model

# OCPI 2.2.1 §8.4.5 for the connector types of the catalog
STANDARDS = {
    "Type1": "IEC_62196_T1",
    "Type2": "IEC_62196_T2",
    "CCS1": "IEC_62196_T1_COMBO",
    "CCS2": "IEC_62196_T2_COMBO",
    "CHAdeMO": "CHADEMO",
    "NACS": "TESLA_S",
    "GBT_AC": "GBT_AC",
    "GBT_DC": "GBT_DC",
}
SINGLE_PHASE_MAX_W = 7_400
AC_VOLTAGE_V = 230  # line to neutral, as OCPI wants it for three phases too (§8.3.3)
DC_VOLTAGE_V = 500
FAST_DC_VOLTAGE_V = 920
FAST_DC_MIN_W = 100_000


class ItemFailed(Exception):
    """A location or charger that can't be made as asked, however often it is tried; its text is for the client.

    `code` is one of the contract's (§1.5), `param` the request parameter at fault.
    """

    def __init__(self, code: str, message: str, *, param: str | None = None, step: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.step = step


@dataclass(frozen=True)
class Equipment:
    """A model of the catalog as its chargers need it."""

    brand_slug: str
    model_slug: str
    vendor_name: str
    name: str
    image_url: str | None
    connector_count: int
    current_type: str
    max_power_w: int
    connector_types: tuple[str, ...]


Catalog = Mapping[tuple[str, str], Equipment]


def load_catalog(session: Session) -> Catalog:
    """Every model of the catalog, by brand and model slug."""
    rows = session.execute(select(Brand, Model).join(Brand.models))
    return {
        (brand.slug, model.slug): Equipment(
            brand_slug=brand.slug,
            model_slug=model.slug,
            vendor_name=brand.name,
            name=model.name,
            image_url=model.image_url,
            connector_count=model.connector_count,
            current_type=model.current_type,
            max_power_w=round(max(model.supported_kw) * 1000),
            connector_types=tuple(model.connector_types),
        )
        for brand, model in rows
    }


def find_equipment(catalog: Catalog, brand_slug: str, model_slug: str, connector_type: str) -> Equipment:
    """The catalog's model for a charger. Raises ItemFailed where it is unknown or lacks the connector."""
    equipment = catalog.get((brand_slug, model_slug))
    if equipment is None and all(brand_slug != brand for brand, _ in catalog):
        raise ItemFailed("unknown_brand", f"There is no brand {brand_slug} in the catalog.", param="brand_slug")
    if equipment is None:
        raise ItemFailed("unknown_model", f"{brand_slug} has no model {model_slug}.", param="model_slug")
    if connector_type not in equipment.connector_types:
        offered = ", ".join(equipment.connector_types)
        message = f"{model_slug} has no connector of type {connector_type}; it offers {offered}."
        raise ItemFailed("unsupported_connector", message, param="connector_type")
    return equipment


def electrical(connector_type: str, equipment: Equipment) -> dict[str, Any]:
    """What OCPI says of a connector (§8.3.3): voltage in V, the amperage in A that gives the model's power."""
    power_w = equipment.max_power_w
    standard = STANDARDS.get(connector_type, connector_type)
    if equipment.current_type == "dc":
        voltage = FAST_DC_VOLTAGE_V if power_w >= FAST_DC_MIN_W else DC_VOLTAGE_V
        power_type, format, amperage = "DC", "CABLE", power_w / voltage
    elif power_w <= SINGLE_PHASE_MAX_W:
        voltage, power_type, format, amperage = AC_VOLTAGE_V, "AC_1_PHASE", "SOCKET", power_w / AC_VOLTAGE_V
    else:
        voltage, power_type, format, amperage = AC_VOLTAGE_V, "AC_3_PHASE", "SOCKET", power_w / (3 * AC_VOLTAGE_V)
    return {
        "connector_id": "1",
        "standard": standard,
        "format": format,
        "power_type": power_type,
        "max_voltage": voltage,
        "max_amperage": round(amperage),
    }
