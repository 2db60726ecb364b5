"""The shapes of network and site templates, and the templates themselves (REST contract §9)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resolvers.enums import described
from resolvers.values import ParkingType
from storage.models import OcppVersion
from storage.seed import BRANDS, ModelSeed

MODELS: dict[tuple[str, str], ModelSeed] = {
    (brand, model.slug): model for (brand, _), models in BRANDS.items() for model in models
}


@described(
    "The current that the chargers of a template give.",
    AC="Alternating current only.",
    DC="Direct current only.",
    AC_DC="Both.",
)
class LocationTemplateType(StrEnum):
    """As REST spells it; derived from the chargers' models."""

    AC = "AC"
    DC = "DC"
    AC_DC = "AC-DC"


@dataclass(frozen=True)
class ChargerGroup:
    """Chargers of one kind at a site."""

    brand_slug: str
    model_slug: str
    connector_type: str
    ocpp_version: OcppVersion
    count: int
    identity_prefix: str

    @property
    def seed(self) -> ModelSeed:
        return MODELS[self.brand_slug, self.model_slug]

    @property
    def nominal_kw(self) -> float:
        return max(self.seed.supported_kw)


@dataclass(frozen=True)
class TemplateSite:
    """Where a template's site stands, until overrides say otherwise."""

    name: str
    address: str
    city: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    parking_type: ParkingType


@dataclass(frozen=True)
class LocationTemplate:
    """A site with its chargers."""

    slug: str
    version: int
    description: str
    site: TemplateSite
    groups: tuple[ChargerGroup, ...]

    @property
    def type(self) -> LocationTemplateType:
        currents = {group.seed.current_type for group in self.groups}
        if len(currents) > 1:
            return LocationTemplateType.AC_DC
        return LocationTemplateType(currents.pop().upper())

    @property
    def ocpp_versions(self) -> frozenset[OcppVersion]:
        return frozenset(group.ocpp_version for group in self.groups)

    @property
    def chargers(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def evses(self) -> int:
        return sum(group.count * group.seed.connector_count for group in self.groups)


@dataclass(frozen=True)
class CpoTemplate:
    """A network: `locations` sites with the chargers of `groups` each."""

    slug: str
    version: int
    description: str
    locations: int
    groups: tuple[ChargerGroup, ...]
    parking_type: ParkingType
    places: tuple[str, ...]

    @property
    def chargers_per_location(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def chargers(self) -> int:
        return self.locations * self.chargers_per_location


V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1

LOCATION_TEMPLATES: dict[str, LocationTemplate] = {
    template.slug: template
    for template in (
        LocationTemplate(
            "urban-ac-hub", 1, "Four AC chargers of 22 kW in a city garage, OCPP 1.6.",
            TemplateSite("Urban AC Hub", "12 Rue de Rivoli", "Paris", "FR", 48.8559, 2.3601, "Europe/Paris",
                         ParkingType.PARKING_GARAGE),
            (ChargerGroup("schneider", "evlink-pro-ac-22kw", "Type2", V16, 4, "URBAN-"),),
        ),
        LocationTemplate(
            "highway-dc-station", 1, "Four DC chargers of 180 kW at a motorway, OCPP 2.0.1.",
            TemplateSite("Highway DC Station", "Rastanlage Nord 1", "Leipzig", "DE", 51.4239, 12.2364,
                         "Europe/Berlin", ParkingType.ALONG_MOTORWAY),
            (ChargerGroup("abb", "terra-184", "CCS2", V201, 4, "HIGHWAY-"),),
        ),
        LocationTemplate(
            "residential-ac-single", 1, "One AC charger on a driveway, OCPP 1.6.",
            TemplateSite("Residential AC", "Prinsengracht 7", "Amsterdam", "NL", 52.3752, 4.8840,
                         "Europe/Amsterdam", ParkingType.ON_DRIVEWAY),
            (ChargerGroup("wallbox", "wallbox-pulsar-plus", "Type2", V16, 1, "HOME-"),),
        ),
        LocationTemplate(
            "retail-ac-dc", 1, "Two dual AC chargers (OCPP 1.6) and one DC charger (OCPP 2.0.1) at a shop.",
            TemplateSite("Retail AC-DC", "Kauppakatu 3", "Tampere", "FI", 61.4978, 23.7610, "Europe/Helsinki",
                         ParkingType.PARKING_LOT),
            (
                ChargerGroup("alfen", "eve-double-pro-line", "Type2", V16, 2, "RETAIL-AC-"),
                ChargerGroup("kempower", "satellite-double", "CCS2", V201, 1, "RETAIL-DC-"),
            ),
        ),
    )
}  # fmt: skip

CPO_TEMPLATES: dict[str, CpoTemplate] = {
    template.slug: template
    for template in (
        CpoTemplate(
            "small-urban-ac", 1, "2 urban sites with 3 AC chargers each, OCPP 1.6.", 2,
            (ChargerGroup("schneider", "evlink-pro-ac-22kw", "Type2", V16, 3, ""),),
            ParkingType.PARKING_GARAGE, ("Garage", "Place", "Market", "Station"),
        ),
        CpoTemplate(
            "highway-dc", 1, "3 motorway sites with 2 DC fast chargers each, OCPP 1.6.", 3,
            (ChargerGroup("abb", "terra-184", "CCS2", V16, 2, ""),),
            ParkingType.ALONG_MOTORWAY, ("Rest Area North", "Rest Area South", "Service Area", "Motorway Plaza"),
        ),
        CpoTemplate(
            "mixed-depot", 1, "1 depot with 4 AC and 2 DC chargers, OCPP 1.6 and 2.0.1.", 1,
            (
                ChargerGroup("alfen", "eve-double-pro-line", "Type2", V16, 4, "AC"),
                ChargerGroup("alpitronic", "hypercharger-hyc150", "CCS2", V201, 2, "DC"),
            ),
            ParkingType.PARKING_LOT, ("Depot", "Yard"),
        ),
    )
}  # fmt: skip
