"""The inputs of every operation: pydantic models that are at once GraphQL inputs and REST bodies.

GraphQL shows the fields in camelCase, REST as they stand here. A `Maybe` field tells absent from null.
"""

from __future__ import annotations

from typing import Annotated, Any

import strawberry
from pydantic import ConfigDict, Field, StringConstraints, field_validator
from strawberry import Maybe

from resolvers.input_models import Input, graphql_input
from resolvers.values import (
    CatalogSlug,
    ConnectorType,
    Country,
    IdempotencyKey,
    Identifier,
    Latitude,
    Longitude,
    NamePrefix,
    ParkingType,
    PartyId,
    Slug,
    Status,
    Timezone,
    Trimmed,
    Whole,
    WsUrl,
    storable_json,
)
from storage.models import OcppVersion

MAX_BULK_LOCATIONS = 10_000
MAX_BULK_CHARGERS = 10_000  # at one site
MAX_CHARGERS_OF_SITES = 100_000  # of one request
MAX_GROUPS = 100
MAX_TTL_S = 604_800
DEFAULT_TTL_S = 3_600


def _described(text: str) -> Any:
    return Field(description=text)


@graphql_input(description="A point on earth, WGS 84.")
class CoordinatesInput(Input):
    latitude: Latitude = _described("Decimal degrees, -90 to 90.")
    longitude: Longitude = _described("Decimal degrees, -180 to 180.")


@graphql_input(description="A physical site to create.")
class CreateLocationInput(Input):
    name: Trimmed = _described("What drivers call the site; at most 255 characters.")
    address: Trimmed = _described("Street and number.")
    city: Trimmed = _described("City or town.")
    country: Country = _described("ISO 3166-1 alpha-2 code, such as FR.")
    coordinates: CoordinatesInput = _described("Where the site is.")
    timezone: Timezone | None = Field(None, description="IANA time zone, such as Europe/Paris.")
    owner_name: Trimmed | None = Field(None, description="Who owns the site.")
    public: bool | None = Field(None, description="Whether anyone may charge there; true when left out.")


class SiteChanges(Input):
    """The attributes of a site that an update may change; absent ones keep their values."""

    name: Maybe[Trimmed] = Field(None, description="What drivers call the site.")
    address: Maybe[Trimmed] = Field(None, description="Street and number.")
    city: Maybe[Trimmed] = Field(None, description="City or town.")
    country: Maybe[Country] = Field(None, description="ISO 3166-1 alpha-2 code.")
    coordinates: Maybe[CoordinatesInput] = Field(None, description="Where the site is.")
    timezone: Maybe[Timezone | None] = Field(None, description="IANA time zone; null clears it.")
    owner_name: Maybe[Trimmed | None] = Field(None, description="Who owns the site; null clears it.")
    public: Maybe[bool] = Field(None, description="Whether anyone may charge there.")


class LocationChanges(SiteChanges):
    """What an update of a location may change."""

    slug: Maybe[Slug] = Field(None, description="The site's slug; unique in the organization.")
    status: Maybe[Status] = Field(None, description="The site's status, such as active; at most 32 characters.")


@graphql_input(description="Changes to a location: a field left out keeps its value.")
class UpdateLocationInput(LocationChanges):
    id: strawberry.ID = _described("The location.")


@graphql_input(description="The location to delete, with its chargers.")
class DeleteLocationInput(Input):
    id: strawberry.ID = _described("The location.")


@graphql_input(description="Sizes that replace those of the network's template.")
class CpoOverridesInput(Input):
    model_config = ConfigDict(extra="forbid")

    locations: Annotated[int, Field(ge=1, le=10), Whole] | None = Field(None, description="Sites, 1 to 10.")
    chargers_per_location: Annotated[int, Field(ge=1, le=20), Whole] | None = Field(
        None, description="Chargers at each site, 1 to 20."
    )


class NetworkConditions(Input):
    """What is wrong with the network between a charger and its CSMS; all left out is a perfect one."""

    latency_ms: Annotated[int, Field(ge=0, le=60_000), Whole] = Field(0, description="Delay of every frame.")
    jitter_ms: Annotated[int, Field(ge=0, le=60_000), Whole] = Field(0, description="At most so much more delay.")
    loss: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="Chance per frame that the connection breaks.")
    duplicate: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="Chance that a frame is sent twice.")
    slow: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="Chance that a frame takes slow_ms longer.")
    slow_ms: Annotated[int, Field(ge=0, le=60_000), Whole] = Field(0, description="How much longer a slow frame takes.")
    refuse: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="Chance that an attempt to connect fails.")
    seed: Annotated[int, Field(ge=-(2**31), lt=2**31), Whole] = Field(
        0, description="The same seed gives the same run."
    )


@graphql_input(description="What is wrong with the network of a charger; all left out is a perfect network.")
class NetworkConditionsInput(NetworkConditions):
    """The conditions that a charger is created with."""


@graphql_input(description="An OCPI network to create from a template.")
class CreateCpoInput(Input):
    template: CatalogSlug = _described("Slug of a CPO template.")
    country_code: Country = _described("ISO 3166-1 alpha-2 code of the party.")
    party_id: PartyId = _described("Three letters or digits; varied when another network has them.")
    name_prefix: NamePrefix = _described("Put before every identity that is created.")
    role: Annotated[str, StringConstraints(pattern="^(cpo|emsp)$")] | None = Field(None, description="cpo or emsp.")
    ocpi_version: Annotated[str, StringConstraints(pattern=r"^2\.(1|2)\.1$")] | None = Field(
        None, description="2.1.1 or 2.2.1 (default)."
    )
    seed: Annotated[int, Field(ge=-(2**31), lt=2**31), Whole] | None = Field(
        None, description="The same seed and template give the same sites; random when left out."
    )
    ttl_seconds: Maybe[Annotated[int, Field(ge=60, le=MAX_TTL_S), Whole] | None] = Field(
        None, description="Seconds until the network is destroyed: 3600 when left out, never when null."
    )
    overrides: CpoOverridesInput | None = Field(None, description="Sizes other than the template's.")
    network: NetworkConditionsInput | None = Field(
        None, description="A bad network between its chargers and their CSMS; perfect when left out."
    )


@graphql_input(description="The network to delete, with all that is in it.")
class DeleteCpoInput(Input):
    id: strawberry.ID = _described("The network.")


@graphql_input(description="The network that another peer is to register with.")
class RenewTokenAInput(Input):
    id: strawberry.ID = _described("The network.")


@graphql_input(description="What the chargers of a group have in common.")
class OcpiChargerTemplateInput(Input):
    brand_slug: CatalogSlug = _described("Brand in the catalog.")
    model_slug: CatalogSlug = _described("Model of that brand.")
    connector_type: ConnectorType = _described("A connector type that the model offers.")
    ocpp_version: OcppVersion = _described("What the chargers speak.")
    ws_url: WsUrl = _described("WebSocket URL of the CSMS; the identity is added to its path.")
    identity_prefix: NamePrefix = _described("Put before each charger id to make the identity.")
    template_name: Trimmed | None = Field(None, description="Put before each charger id to make the name.")
    network: NetworkConditionsInput | None = Field(None, description="A bad network; perfect when left out.")


@graphql_input(description="Chargers of one kind.")
class OcpiChargerGroupInput(Input):
    template: OcpiChargerTemplateInput = _described("What they have in common.")
    charger_ids: list[Identifier] = Field(max_length=1000, description="What tells them apart; one charger each.")


@graphql_input(description="A site of a network, with its chargers.")
class CreateOcpiLocationInput(CreateLocationInput):
    parking_type: ParkingType | None = Field(None, description="Kind of parking; in OCPI 2.1.1 the location's type.")
    charges: list[OcpiChargerGroupInput] | None = Field(
        None, max_length=MAX_GROUPS, description="The groups of chargers at the site, at most 10,000 in all."
    )

    @field_validator("charges")
    @classmethod
    def _not_too_many(cls, groups: list[OcpiChargerGroupInput] | None) -> list[OcpiChargerGroupInput] | None:
        if sum(len(group.charger_ids) for group in groups or []) > MAX_BULK_CHARGERS:
            raise ValueError(f"may hold at most {MAX_BULK_CHARGERS:,} chargers in all")
        return groups


@graphql_input(description="A site made from a location template.")
class LocationFromTemplateInput(Input):
    template: CatalogSlug = _described("Slug of a location template.")
    overrides: strawberry.scalars.JSON | None = Field(
        None,
        description="Values that replace the template's: name, address, city, country, coordinates, timezone, "
        "owner_name, public, parking_type, ocpp_version, identity_prefix. Others are ignored.",
        json_schema_extra={"type": ["object", "null"]},
    )

    _checked = field_validator("overrides")(staticmethod(storable_json))


@graphql_input(one_of=True, description="One site of a bulk request, in full or from a template.")
class BulkOcpiLocationInput(Input):
    location: Maybe[CreateOcpiLocationInput] = Field(None, description="The site in full.")
    from_template: Maybe[LocationFromTemplateInput] = Field(None, description="The template it is made from.")


@graphql_input(description="Sites to create in a network, durably.")
class BulkCreateOcpiLocationsInput(Input):
    cpo_id: strawberry.ID = _described("The network.")
    locations: list[BulkOcpiLocationInput] = Field(
        min_length=1,
        max_length=MAX_BULK_LOCATIONS,
        description="1 to 10,000 sites, with at most 100,000 chargers in all.",
    )
    idempotency_key: IdempotencyKey | None = Field(
        None,
        description="A second call with the same key and the same input answers the first call's job; "
        "with another input it is CONFLICT.",
    )


class OcpiLocationChanges(SiteChanges):
    """What an update of an OCPI location may change."""

    parking_type: Maybe[ParkingType | None] = Field(None, description="Kind of parking; null clears it.")


@graphql_input(description="Changes to an OCPI location: a field left out keeps its value.")
class UpdateOcpiLocationInput(OcpiLocationChanges):
    id: strawberry.ID = _described("The OCPI location.")


@graphql_input(description="The OCPI location to delete, with its chargers.")
class DeleteOcpiLocationInput(Input):
    id: strawberry.ID = _described("The OCPI location.")


@graphql_input(description="The job to cancel.")
class CancelJobInput(Input):
    id: strawberry.ID = _described("The job.")


@graphql_input(description="The job whose failed items to try again.")
class RetryJobInput(Input):
    id: strawberry.ID = _described("The job; it must be over.")


@graphql_input(description="A charger to create.")
class CreateChargerInput(Input):
    identity: Identifier = _described("The OCPP identity; unique in the organization.")
    brand_slug: CatalogSlug = _described("Brand in the catalog.")
    model_slug: CatalogSlug = _described("Model of that brand.")
    connector_type: ConnectorType = _described("A connector type that the model offers.")
    ws_url: WsUrl = _described("WebSocket URL of the CSMS; the identity is added to its path.")
    ocpp_version: OcppVersion | None = Field(None, description="OCPP 1.6 when left out.")
    charge_point_name: Trimmed | None = Field(None, description="The charger's name.")
    location_id: strawberry.ID | None = Field(None, description="The location it stands at.")
    network: NetworkConditionsInput | None = Field(None, description="A bad network; perfect when left out.")


@graphql_input(description="What the chargers of a group have in common.")
class ChargerTemplateInput(Input):
    brand_slug: CatalogSlug = _described("Brand in the catalog.")
    model_slug: CatalogSlug = _described("Model of that brand.")
    connector_type: ConnectorType = _described("A connector type that the model offers.")
    ws_url: WsUrl = _described("WebSocket URL of the CSMS; the identity is added to its path.")
    ocpp_version: OcppVersion | None = Field(None, description="OCPP 1.6 when left out.")
    identity_prefix: NamePrefix | None = Field(None, description="Put before each suffix to make the identity.")
    template_name: Trimmed | None = Field(None, description="Put before each suffix to make the name.")
    network: NetworkConditionsInput | None = Field(None, description="A bad network; perfect when left out.")


@graphql_input(description="Chargers of one kind: named suffixes, a number, or both.")
class ChargerGroupInput(Input):
    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["charger_ids"], "properties": {"charger_ids": {"type": "array", "minItems": 1}}},
                {"required": ["chargers_number"], "properties": {"chargers_number": {"type": "integer"}}},
            ]
        }
    )

    template: ChargerTemplateInput = _described("What they have in common.")
    charger_ids: list[Identifier] | None = Field(None, max_length=1000, description="Suffixes of the identities.")
    chargers_number: Annotated[int, Field(ge=1, le=MAX_BULK_CHARGERS), Whole] | None = Field(
        None, description="How many: pads with random suffixes, or cuts the list."
    )


@graphql_input(description="Chargers to create at a location, durably.")
class BulkCreateChargersInput(Input):
    location_id: strawberry.ID = _described("The location.")
    groups: list[ChargerGroupInput] = Field(min_length=1, max_length=MAX_GROUPS, description="The groups.")
    idempotency_key: IdempotencyKey | None = Field(None, description="As in bulkCreateOcpiLocations.")


class ChargerChanges(Input):
    """What an update of a charger may change."""

    charge_point_name: Maybe[Trimmed | None] = Field(None, description="The charger's name; null clears it.")
    connector_type: Maybe[ConnectorType] = Field(None, description="A connector type that the model offers.")
    ocpp_version: Maybe[OcppVersion] = Field(None, description="What the charger speaks; it reconnects.")
    ws_url: Maybe[WsUrl] = Field(None, description="WebSocket URL of the CSMS; the charger reconnects.")
    location_id: Maybe[strawberry.ID | None] = Field(None, description="The location; null takes it off its site.")


@graphql_input(description="Changes to a charger: a field left out keeps its value.")
class UpdateChargerInput(ChargerChanges):
    id: strawberry.ID = _described("The charger.")


@graphql_input(description="The charger to delete.")
class DeleteChargerInput(Input):
    id: strawberry.ID = _described("The charger.")


@graphql_input(description="The charger to start, stop or reset.")
class ChargerRuntimeInput(Input):
    id: strawberry.ID = _described("The charger.")
