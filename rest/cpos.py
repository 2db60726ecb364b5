"""Networks: `/ocpi/cpos` (REST contract §10)."""

from __future__ import annotations

from asyncio import gather
from typing import Any, Self

from pydantic import Field

from resolvers import cpos, networks
from resolvers.context import Context
from resolvers.inputs import CreateCpoInput
from resolvers.values import IdempotencyKey
from rest.requests import CpoId, PageQuery
from rest.responses import Instant, ListResponse, ProvisioningErrorDetail, ProvisioningProgress, Response, Status
from storage.models import Cpo, ProvisioningStatus


class CpoPartyScope(Response):
    """The OCPI party of a network."""

    country_code: str
    party_id: str
    role: str = Field(description="CPO or EMSP.")

    @classmethod
    def of(cls, row: Cpo) -> Self:
        return cls.read(row, role=row.role.upper())


class CpoTopologySummary(Response):
    """How much of a network stands."""

    locations: int
    chargers: int
    evses: int
    connectors: int


class CpoRoamHelper(Response):
    """What a peer needs to register at a network."""

    credentials_payload: dict[str, Any]
    curl_snippet: str


class CpoResponse(Response):
    """A network."""

    cpo_id: str
    party: CpoPartyScope
    name_prefix: str
    template: str
    template_version: int
    token_a: str | None = Field(None, description="Never here; only the answer to the creation has it.")
    ocpi_peer_url: str = Field(description="The versions endpoint, for the peer.")
    roam_helper: CpoRoamHelper | None = Field(None, description="Never here; see token_a.")
    topology: CpoTopologySummary
    expires_at: Instant | None = Field(None, description="When the network destroys itself; null for never.")
    report_url: str
    destroy_url: str
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @classmethod
    async def of(cls, ctx: Context, row: Cpo) -> Self:
        topology = await cpos.topology_of(ctx, row)
        return cls.read(
            row,
            cpo_id=str(row.id),
            party=CpoPartyScope.of(row),
            ocpi_peer_url=cpos.peer_url(ctx, row),
            topology=CpoTopologySummary.read(topology),
            report_url=f"{_url(row)}/report",
            destroy_url=_url(row),
        )


class CpoListResponse(ListResponse[CpoResponse]):
    """One page of networks."""


class CpoAcceptedResponse(Response):
    """A network that is being provisioned; its peer can register at once."""

    cpo_id: str
    party: CpoPartyScope
    name_prefix: str
    template: str
    template_version: int
    token_a: str = Field(description="For the peer's registration. It is not shown again.")
    ocpi_peer_url: str = Field(description="The versions endpoint, for the peer.")
    roam_helper: CpoRoamHelper | None = None
    workflow_run_id: str | None = None
    status: Status | None = None
    status_url: str = Field(description="Poll it until the status is READY or FAILED.")
    destroy_url: str
    expires_at: Instant | None = Field(None, description="When the network destroys itself; null for never.")


class CpoStatusResponse(Response):
    """How the provisioning of a network stands."""

    cpo_id: str
    status: Status
    workflow_run_id: str | None = None
    error: ProvisioningErrorDetail | None = None
    progress: ProvisioningProgress | None = Field(None, description="While the status is PROVISIONING.")
    provisioned_at: Instant | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    status_url: str

    @classmethod
    def of(cls, row: Cpo) -> Self:
        moving = row.status == ProvisioningStatus.PROVISIONING and row.current_step is not None
        return cls.read(
            row,
            cpo_id=str(row.id),
            error=row.error and ProvisioningErrorDetail(**row.error),
            progress=ProvisioningProgress.read(row) if moving else None,
            status_url=f"{_url(row)}/status",
        )


class CpoReportResponse(Response):
    """A page about a network, in Markdown."""

    cpo_id: str
    markdown: str


def _url(row: Cpo) -> str:
    return f"/ocpi/cpos/{row.id}"


async def list_cpos(ctx: Context, query: PageQuery) -> CpoListResponse:
    """Networks of the organization, newest first."""
    listing = await cpos.list_cpos(ctx, page=query.page, limit=query.limit)
    return CpoListResponse.of(listing, query, await gather(*(CpoResponse.of(ctx, row) for row in listing.rows)))


async def create_cpo(ctx: Context, body: CreateCpoInput, idempotency_key: IdempotencyKey | None) -> CpoAcceptedResponse:
    """Creates a network from a template. The answer comes at once; the sites and chargers follow, durably."""
    created = await networks.create_cpo(ctx, body, idempotency_key=idempotency_key)
    row = created.cpo
    return CpoAcceptedResponse.read(
        row,
        cpo_id=str(row.id),
        party=CpoPartyScope.of(row),
        token_a=created.token_a,
        ocpi_peer_url=cpos.peer_url(ctx, row),
        roam_helper=CpoRoamHelper.read(created.roam_helper),
        status_url=f"{_url(row)}/status",
        destroy_url=_url(row),
    )


async def get_cpo(ctx: Context, cpo_id: CpoId) -> CpoResponse:
    """One network."""
    return await CpoResponse.of(ctx, await cpos.get_cpo(ctx, cpo_id))


async def get_cpo_status(ctx: Context, cpo_id: CpoId) -> CpoStatusResponse:
    """How the provisioning of a network stands."""
    return CpoStatusResponse.of(await cpos.get_cpo(ctx, cpo_id))


async def get_cpo_report(ctx: Context, cpo_id: CpoId) -> CpoReportResponse:
    """A page about a network, in Markdown."""
    row = await cpos.get_cpo(ctx, cpo_id)
    return CpoReportResponse(cpo_id=str(row.id), markdown=await cpos.report_of(ctx, row))


async def delete_cpo(ctx: Context, cpo_id: CpoId) -> None:
    """Destroys a network with all that is in it; one that is gone already is no error."""
    await networks.delete_cpo(ctx, cpo_id, missing_ok=True)
