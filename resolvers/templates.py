"""What the templates of networks and sites expand to (REST contract §9 and §11.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import count
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import to_json

from errors import FieldError, InvalidInput
from resolvers.context import Context
from resolvers.input_models import Input
from resolvers.inputs import (
    CoordinatesInput,
    CpoOverridesInput,
    CreateOcpiLocationInput,
    NetworkConditionsInput,
    OcpiChargerGroupInput,
    OcpiChargerTemplateInput,
)
from resolvers.template_catalog import (
    CPO_TEMPLATES,
    LOCATION_TEMPLATES,
    ChargerGroup,
    CpoTemplate,
    LocationTemplate,
    LocationTemplateType,
)
from resolvers.values import Country, NamePrefix, ParkingType, Timezone, Trimmed
from storage.models import OcppVersion

__all__ = [
    "CPO_TEMPLATES", "LOCATION_TEMPLATES", "ChargerGroup", "CpoTemplate", "LocationTemplate", "LocationTemplateType",
    "expand", "list_cpo_templates", "list_location_templates", "sites_of",
]  # fmt: skip

# name, country, latitude, longitude, time zone: where the sites of a generated network stand
CITIES = (
    ("Paris", "FR", 48.8566, 2.3522, "Europe/Paris"),
    ("Lyon", "FR", 45.7640, 4.8357, "Europe/Paris"),
    ("Berlin", "DE", 52.5200, 13.4050, "Europe/Berlin"),
    ("Hamburg", "DE", 53.5511, 9.9937, "Europe/Berlin"),
    ("Madrid", "ES", 40.4168, -3.7038, "Europe/Madrid"),
    ("Valencia", "ES", 39.4699, -0.3763, "Europe/Madrid"),
    ("Amsterdam", "NL", 52.3676, 4.9041, "Europe/Amsterdam"),
    ("Utrecht", "NL", 52.0907, 5.1214, "Europe/Amsterdam"),
    ("Milano", "IT", 45.4642, 9.1900, "Europe/Rome"),
    ("Wien", "AT", 48.2082, 16.3738, "Europe/Vienna"),
    ("Kraków", "PL", 50.0647, 19.9450, "Europe/Warsaw"),
    ("Göteborg", "SE", 57.7089, 11.9746, "Europe/Stockholm"),
)
STREETS = ("Station Road", "Market Street", "Harbour Quay", "Mill Lane", "Park Avenue", "College Street", "Bridge Road")
SPREAD_DEGREES = 0.1  # sites of one city lie within some kilometres of each other


async def list_cpo_templates(ctx: Context) -> list[CpoTemplate]:
    """The templates of networks. Any valid token will do."""
    ctx.principal  # noqa: B018 - raises where there is none
    return list(CPO_TEMPLATES.values())


async def list_location_templates(
    ctx: Context, type: LocationTemplateType | None = None, ocpp_version: OcppVersion | None = None
) -> list[LocationTemplate]:
    """The templates of sites that have this current and OCPP version. Any valid token will do."""
    ctx.principal  # noqa: B018 - raises where there is none
    return [
        template
        for template in LOCATION_TEMPLATES.values()
        if type in {None, template.type} and (ocpp_version is None or ocpp_version in template.ocpp_versions)
    ]


def sites_of(
    template: CpoTemplate,
    *,
    seed: int,
    overrides: CpoOverridesInput | None,
    name_prefix: str,
    ws_url: str,
    conditions: NetworkConditionsInput | None = None,
) -> list[CreateOcpiLocationInput]:
    """The sites of a network. The same arguments give the same sites, in any release."""
    sizes = overrides or CpoOverridesInput()
    draw = _Draw(f"{template.slug}:{template.version}:{seed}")
    groups = _resized(template, sizes.chargers_per_location or template.chargers_per_location)
    cities = sorted(CITIES, key=lambda city: draw.number(city[0]))[: sizes.locations or template.locations]
    sites = []
    for number, (city, country, latitude, longitude, timezone) in enumerate(cities, 1):
        code = f"L{number:02}-{draw.number('code', number) % 16**6:06x}-"
        sites.append(
            CreateOcpiLocationInput(
                name=f"{city} {draw.pick(template.places, 'place', number)}",
                address=f"{1 + draw.number('house', number) % 120} {draw.pick(STREETS, 'street', number)}",
                city=city,
                country=country,
                coordinates=CoordinatesInput(
                    latitude=round(latitude + draw.offset("latitude", number), 6),
                    longitude=round(longitude + draw.offset("longitude", number), 6),
                ),
                timezone=timezone,
                parking_type=template.parking_type,
                charges=_charges(groups, f"{name_prefix}{code}", ws_url, conditions=conditions),
            )
        )
    return sites


def expand(slug: str, overrides: Any, *, index: int, ws_url: str, infix: str = "") -> CreateOcpiLocationInput:
    """The site of a location template with its overrides; `infix` stands behind each group's identity prefix.

    `index` is the site's place in its request. Raises InvalidInput that names the unknown template or the override at
    fault. Unknown overrides are ignored.
    """
    template = LOCATION_TEMPLATES.get(slug)
    if template is None:
        raise _refused(index, [FieldError(("template",), f"There is no location template {slug!r}.")])
    changes = _checked(overrides, index)
    prefix = changes.pop("identity_prefix", None)
    version = changes.pop("ocpp_version", None)
    groups = [replace(g, ocpp_version=OcppVersion(version)) if version else g for g in template.groups]
    site = template.site
    values = {
        "name": site.name,
        "address": site.address,
        "city": site.city,
        "country": site.country,
        "coordinates": CoordinatesInput(latitude=site.latitude, longitude=site.longitude),
        "timezone": site.timezone,
        "parking_type": site.parking_type,
        **changes,
    }
    return CreateOcpiLocationInput(**values, charges=_charges(groups, prefix, ws_url, infix))


def has_own_prefix(overrides: Any) -> bool:
    """Whether the overrides of a template name the identities, so that the gateway need not tell them apart."""
    return isinstance(overrides, Mapping) and overrides.get("identity_prefix") is not None


class LocationOverrides(Input):
    """The values that may replace those of a location template; the defaults here stand for "not given"."""

    name: Trimmed = ""
    address: Trimmed = ""
    city: Trimmed = ""
    country: Country = ""
    coordinates: CoordinatesInput = Field(default_factory=lambda: CoordinatesInput(latitude=0, longitude=0))
    timezone: Timezone | None = None
    owner_name: Trimmed | None = None
    public: bool | None = None
    parking_type: ParkingType | None = None
    ocpp_version: OcppVersion | None = None
    identity_prefix: NamePrefix | None = None


def _checked(overrides: Any, index: int) -> dict[str, Any]:
    """The overrides that were given, by name. Raises InvalidInput with the path of each that is not valid."""
    if not isinstance(overrides, Mapping | None):
        raise _refused(index, [FieldError(("overrides",), "must be an object", "dict_type")])
    known = {name: value for name, value in (overrides or {}).items() if name in LocationOverrides.model_fields}
    try:
        # strict, as a site in full is; and only JSON may name an enum's value then
        given = LocationOverrides.model_validate_json(to_json(known, inf_nan_mode="constants"), strict=True)
    except ValidationError as exc:
        wrong = [
            FieldError(("overrides", *e["loc"]), e["msg"].removeprefix("Value error, "), e["type"], e["input"])
            for e in exc.errors()
        ]
        raise _refused(index, wrong) from exc
    return {name: getattr(given, name) for name in given.model_fields_set}


def _refused(index: int, wrong: Sequence[FieldError]) -> InvalidInput:
    """What is wrong with a site of a request; the paths begin at the site."""
    told = [f"{'.'.join(map(str, ('locations', index, *field.path)))}: {field.message}" for field in wrong]
    way = ("input", "locations", index, "fromTemplate")
    return InvalidInput("; ".join(told), [replace(field, path=(*way, *field.path)) for field in wrong])


def _charges(
    groups: Sequence[ChargerGroup],
    prefix: str | None,
    ws_url: str,
    infix: str = "",
    *,
    conditions: NetworkConditionsInput | None = None,
) -> list[OcpiChargerGroupInput]:
    """The groups as a request would name them; numbers run on from group to group, so that no two are alike."""
    numbers = count(1)
    return [
        OcpiChargerGroupInput(
            template=OcpiChargerTemplateInput.model_construct(  # a generated prefix may be longer than a client's
                brand_slug=group.brand_slug,
                model_slug=group.model_slug,
                connector_type=group.connector_type,
                ocpp_version=group.ocpp_version,
                ws_url=ws_url,
                identity_prefix=f"{group.identity_prefix}{infix}" if prefix is None else prefix,
                template_name=group.seed.name,
                network=conditions,
            ),
            charger_ids=list(_suffixes(group.count, numbers)),
        )
        for group in groups
    ]


def _suffixes(number: int, numbers: Iterator[int]) -> Iterator[str]:
    return (f"{next(numbers):02}" for _ in range(number))


def _resized(template: CpoTemplate, chargers: int) -> list[ChargerGroup]:
    """The template's groups with this many chargers in sum, in the template's proportion; none is left empty early."""
    counts = [0] * len(template.groups)
    for _ in range(chargers):
        fill = [have / group.count for have, group in zip(counts, template.groups, strict=True)]
        counts[fill.index(min(fill))] += 1
    return [replace(group, count=n) for group, n in zip(template.groups, counts, strict=True) if n]


class _Draw:
    """Numbers drawn from a key: unlike those of `random`, the same in every release of Python."""

    def __init__(self, key: str) -> None:
        self._key = key

    def number(self, *what: object) -> int:
        return int.from_bytes(sha256(repr((self._key, *what)).encode()).digest()[:8])

    def pick(self, choices: Sequence[str], *what: object) -> str:
        return choices[self.number(*what) % len(choices)]

    def offset(self, *what: object) -> float:
        return (self.number(*what) % 10_000 / 10_000 - 0.5) * SPREAD_DEGREES
