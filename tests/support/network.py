"""A network as OCPI tests want it: with its sites, its chargers, and peers that hold a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from storage.models import Cpo, Credentials, Evse, OcpiConnector, OcpiLocation
from tests.support import factories
from tests.support.emsp import OcpiClient
from tests.support.factories import writing
from tests.support.gateway import Tenant


@dataclass
class Network:
    """A network with an unused Token A."""

    tenant: Tenant
    row: Cpo
    token_a: str

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def version(self) -> str:
        return self.row.ocpi_version

    def client(self, token: str | None = None) -> OcpiClient:
        """A peer with this token, or with Token A."""
        gateway = self.tenant.gateway
        return OcpiClient(gateway.http, gateway.url, self.version, token or self.token_a)

    async def peer(self) -> OcpiClient:
        """A peer that is registered."""
        token = f"c_{uuid4().hex}"
        async with writing(self.tenant) as session:
            session.add(Credentials(network_id=self.id, kind="PEER", token=token, ocpi_version=self.version))
        return self.client(token)

    async def add_site(self, **site: Any) -> str:
        """Adds a site without chargers; gives the id of its OCPI location."""
        return (await factories.add_ocpi_location(self.tenant, self.row, **site)).id

    async def add_charger(self, location_id: str, identity: str, *, evses: int = 1, **connector: Any) -> str:
        """Adds a charger to a site and gives its id; `connector` says how its OCPI connectors differ."""
        async with writing(self.tenant) as session:
            site = await session.get_one(OcpiLocation, location_id)
        charger = await factories.add_charger(self.tenant, location_id=site.location_id, identity=identity, evses=evses)
        if connector:
            mine = select(Evse.id).where(Evse.charger_id == charger.id)
            async with writing(self.tenant) as session:
                await session.execute(update(OcpiConnector).where(OcpiConnector.evse_id.in_(mine)).values(connector))
        return charger.id


async def add_network(tenant: Tenant, version: str = "2.2.1", **values: Any) -> Network:
    """A network that is ready and that no peer has registered with."""
    row = await factories.add_cpo(tenant, ocpi_version=version, **values)
    async with writing(tenant) as session:
        token = await session.scalar(select(Credentials.token).where(Credentials.network_id == row.id))
    assert token is not None
    return Network(tenant, row, token)
