"""Chargers, their EVSEs, and the frames they exchange with their CSMS."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from resolvers import chargers as resolvers
from resolvers.chargers import FrameFilter
from resolvers.enums import OcppDirection
from resolvers.filters import ChargerOrder
from resolvers.loaders import load, load_all
from resolvers.locations import locations_by_id
from schema.connections import After, Before, Connection, First, Last, Rows
from schema.fields import Id, Info, attribute, embedded, field
from schema.locations import ChargersWhere, Location
from schema.nodes import Node
from schema.provisioning import Provisioning
from storage import models
from storage.models import EvseStatus, OcppVersion, RuntimeStatus
from storage.paging import window

OrderBy = Annotated[
    list[ChargerOrder] | None, strawberry.argument(description="Levels of the order; newest first if not given.")
]
Event = Annotated[str | None, strawberry.argument(description="Only this OCPP action, such as BootNotification.")]
From = Annotated[datetime | None, strawberry.argument(name="from", description="Only this instant and later.")]
To = Annotated[datetime | None, strawberry.argument(description="Only this instant and earlier.")]


@strawberry.type(description="How the making of a charger stands.")
class ChargerProvisioning(Provisioning):
    pass


@strawberry.type(description="A charger's runtime: the process or container that plays the charger.")
class ChargerRuntime:
    provider: str = attribute("Who runs it, such as local.")
    runtime_status: RuntimeStatus = attribute("Its state at the provider.", name="status")
    connected: bool = attribute("Whether the charger has a connection to its CSMS.")
    last_seen_at: datetime | None = attribute("When it last exchanged a frame with its CSMS.")


@strawberry.type(
    name="EVSE",
    description="One EVSE with its single connector: every physical connector of a charger is its own EVSE.",
)
class Evse(Node):
    row = models.Evse

    evse_uid: str = attribute("The uid in OCPI; unique in the organization.")
    ocpi_connector_id: strawberry.ID | None = attribute("Its OCPI connector; null outside of networks.")
    topology_id: strawberry.ID | None = attribute("Its route; null outside of networks.")
    connector_number: int = attribute("connectorId in OCPP 1.6, evseId in OCPP 2.0.1.")
    connector_type: str = attribute("Such as Type2 or CCS2.")
    max_power: int | None = attribute("In W.")
    status: EvseStatus = attribute("As OCPI 2.2.1 has it.")
    last_updated: datetime = attribute("When it last changed.")

    @field("The charger it is part of.", Annotated["Charger", strawberry.lazy("schema.chargers")])
    async def charger(self: models.Evse, info: Info) -> models.Charger:
        return await load_all(info.context, resolvers.chargers_by_id, self.charger_id)


@strawberry.type(description="One OCPP-J frame as it went over the socket.")
class OcppMessage:
    id: strawberry.ID = attribute("Opaque.")
    direction: OcppDirection = attribute("Which way it went.")
    action: str = attribute("The OCPP action that it calls or answers.")
    message: str = attribute("The frame itself, a JSON array.")
    timestamp: datetime = attribute("When it was sent or received.")

    @field("The charger at one end.", Annotated["Charger", strawberry.lazy("schema.chargers")])
    async def charger(self: models.OcppMessage, info: Info) -> models.Charger:
        return await load_all(info.context, resolvers.chargers_by_id, self.charger_id)


@strawberry.type(description="A deployed, simulated charge point.")
class Charger(Node):
    row = models.Charger

    identity: str = attribute("The OCPP identity, chosen by its creator; unique in the organization.")
    name: str | None = attribute("The charge point's name.")
    vendor_name: str | None = attribute("Who makes it.")
    model: str | None = attribute("What its maker calls it.")
    image_url: str | None = attribute("A picture of it.")
    ocpp_version: OcppVersion = attribute("What it speaks.")
    connector_type: str = attribute("Such as Type2 or CCS2.")
    number_of_connectors: int = attribute("How many connectors, and so EVSEs, it has.")
    max_charging_power: int | None = attribute("In W.")
    ws_url: str = attribute("WebSocket URL of its CSMS; the identity is added to the path.")
    charge_point_id: strawberry.ID = attribute("The station behind the deployment.")
    topology_default_id: strawberry.ID | None = attribute(
        "The default route of its location; only on the first charger of an OCPI location."
    )
    provisioning: ChargerProvisioning = embedded("How its making stands.")
    runtime: ChargerRuntime = embedded("How its runtime stands.")
    created_at: datetime = attribute("When it was created.")
    updated_at: datetime = attribute("When it last changed.")

    @field("Where it stands.", Location | None)
    async def location(self: models.Charger, info: Info) -> models.Location | None:
        return await load(info.context, locations_by_id, self.location_id) if self.location_id else None

    @field("Its EVSEs, in the order of their connectors.", list[Evse])
    async def evses(self: models.Charger, info: Info) -> list[models.Evse]:
        return await load_all(info.context, resolvers.evses_by_charger, self.id)

    @field("What it and its CSMS sent each other lately, newest first.", Connection[OcppMessage])
    async def logs(
        self: models.Charger,
        info: Info,
        first: First = None,
        after: After = None,
        event: Event = None,
        from_: From = None,
        to: To = None,
    ) -> Rows:
        where, page = FrameFilter(event, from_, to), window(first, after, None, None)
        return Rows(
            await load_all(info.context, resolvers.frame_pages, self.id, where, page),
            partial(load_all, info.context, resolvers.frame_counts, self.id, where),
        )


@strawberry.type
class ChargerQuery:
    @field("A charger by its id.", Charger | None)
    async def charger(self, info: Info, id: Id) -> models.Charger | None:
        return await resolvers.find_charger(info.context, id)

    @field("The chargers of the organization, at locations or not.", Connection[Charger])
    async def chargers(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: ChargersWhere = None,
        order_by: OrderBy = None,
    ) -> Rows:
        page = window(first, after, last, before)
        return Rows(
            await resolvers.page_chargers(info.context, where, order_by, page),
            partial(resolvers.count_chargers, info.context, where),
        )
