"""OCPI networks."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from resolvers import cpos as resolvers
from resolvers import networks, ocpi_locations
from resolvers.inputs import CreateCpoInput, DeleteCpoInput, RenewTokenAInput
from resolvers.loaders import load_all
from schema.connections import After, Before, Connection, First, Last, Rows
from schema.fields import INPUT, Id, Info, attribute, embedded, field, lazy, mutation
from schema.locations import OrderBy, Where
from schema.nodes import Node
from schema.ocpi_locations import OcpiLocation
from schema.provisioning import Provisioning
from storage import models
from storage.cpos import CpoTopology as Topology
from storage.paging import window


@strawberry.type(description="The party that a network plays in OCPI.")
class OcpiParty:
    country_code: str = attribute("ISO 3166-1 alpha-2 code.")
    party_id: str = attribute("Three letters or digits; unique per country in the organization.")
    role: str = attribute("CPO or EMSP.")


@strawberry.type(description="How much there is in a network.")
class CpoTopology:
    locations: int = attribute("Sites.")
    chargers: int = attribute("Chargers at the sites.")
    evses: int = attribute("EVSEs of the chargers.")
    connectors: int = attribute("Connectors of the EVSEs.")


@strawberry.type(description="How the making of a network stands.")
class CpoProvisioning(Provisioning):
    current_step: str | None = attribute("What it is at.")


@strawberry.type(description="An OCPI network (a CPO party) with its locations.")
class Cpo(Node):
    row = models.Cpo

    party: OcpiParty = embedded("Who it is in OCPI.")
    name_prefix: str = attribute("What every identity in it begins with.")
    template: str | None = attribute("The template it was made from.")
    template_version: int | None = attribute("The version of the template.")
    ocpi_version: str = attribute("What its peers speak, 2.1.1 or 2.2.1.")
    provisioning: CpoProvisioning = embedded("How its making stands.")
    expires_at: datetime | None = attribute("When it destroys itself; null for never.")
    created_at: datetime = attribute("When it was created.")
    updated_at: datetime = attribute("When it last changed.")

    @field("The versions URL that peers start from.", str)
    def ocpi_peer_url(self: models.Cpo, info: Info) -> str:
        return resolvers.peer_url(info.context, self)

    @field("How much there is in it, counted now.", CpoTopology)
    async def topology(self: models.Cpo, info: Info) -> Topology:
        return await resolvers.topology_of(info.context, self)

    @field("A page about it, in Markdown.", str)
    async def report(self: models.Cpo, info: Info) -> str:
        return await resolvers.report_of(info.context, self)

    @field("Its locations.", Connection[OcpiLocation])
    async def locations(
        self: models.Cpo,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: Where = None,
        order_by: OrderBy = None,
    ) -> Rows:
        page = window(first, after, last, before)
        return Rows(
            await load_all(info.context, ocpi_locations.pages_in, self.id, where, order_by, page),
            partial(load_all, info.context, ocpi_locations.counts_in, self.id, where),
        )


@strawberry.type
class CpoQuery:
    @field("A network by its id.", Cpo | None)
    async def cpo(self, info: Info, id: Id) -> models.Cpo | None:
        return await resolvers.find_cpo(info.context, id)

    @field("The networks of the organization, newest first.", Connection[Cpo])
    async def cpos(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Rows:
        page = await resolvers.page_cpos(info.context, window(first, after, last, before))
        return Rows(page, partial(resolvers.count_cpos, info.context))


@strawberry.type(description="What a peer needs to register at a network.")
class RoamHelper:
    credentials_payload: JSON = attribute("The body of the peer's POST to credentials, without its roles.")
    curl_snippet: str = attribute("The request as a shell command.")


@strawberry.type(description="The network whose making was accepted.")
class CreateCpoPayload:
    cpo: models.Cpo = attribute("The new network.", Cpo)
    token_a: str = attribute("For the peer's registration; shown here only, once.")
    roam_helper: networks.RoamHelper = attribute("What to tell the peer.", RoamHelper)
    job: models.Job = attribute("The job that makes its sites; watch it with jobProgress.", lazy("Job", "jobs"))


@strawberry.type(description="The network that another peer can register with.")
class RenewTokenAPayload:
    cpo: models.Cpo = attribute("The network.", Cpo)
    token_a: str = attribute("For the peer's registration; shown here only, once.")
    roam_helper: networks.RoamHelper = attribute("What to tell the peer.", RoamHelper)


@strawberry.type(description="The network that was deleted.")
class DeleteCpoPayload:
    deleted_id: strawberry.ID = attribute("Its id.")


@strawberry.type
class CpoMutation:
    @mutation("Creates a network from a template; a durable job makes its sites and chargers.")
    async def create_cpo(self, info: Info, input: Annotated[CreateCpoInput, INPUT]) -> CreateCpoPayload:
        made = await networks.create_cpo(info.context, input)
        return CreateCpoPayload(cpo=made.cpo, token_a=made.token_a, roam_helper=made.roam_helper, job=made.job)

    @mutation("Gives a network a new Token A. One that was not used is dead from now on; registered peers stay.")
    async def renew_token_a(self, info: Info, input: Annotated[RenewTokenAInput, INPUT]) -> RenewTokenAPayload:
        renewed = await networks.renew_token_a(info.context, input.id)
        return RenewTokenAPayload(cpo=renewed.cpo, token_a=renewed.token_a, roam_helper=renewed.roam_helper)

    @mutation("Deletes a network with its locations, chargers and credentials, and stops its jobs.")
    async def delete_cpo(self, info: Info, input: Annotated[DeleteCpoInput, INPUT]) -> DeleteCpoPayload:
        await networks.delete_cpo(info.context, input.id)
        return DeleteCpoPayload(deleted_id=input.id)
