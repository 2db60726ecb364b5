"""Networks, with the published client."""

from __future__ import annotations

import ocpplab
import pytest

from tests.support.gateway import Tenant
from tests.support.published_client import Client
from tests.support.rest import NETWORK, make_network, ready


async def test_ocpi_cpos_create(client: Client, tenant: Tenant) -> None:
    network = await client(
        "ocpi_cpos.create",
        template="small-urban-ac",
        country_code="FR",
        party_id="ABC",
        name_prefix="alice",
        role="cpo",
        ocpi_version="2.2.1",
        seed=42,
        ttl_seconds=7200,
        overrides={"chargers_per_location": 3, "locations": 2},
    )

    assert (network.party.party_id, network.party.role, network.template_version) == ("ABC", "CPO", 1)
    assert network.roam_helper.credentials_payload == {"token": network.token_a, "url": network.ocpi_peer_url}
    assert (await ready(tenant, network.status_url))["error"] is None


async def test_ocpi_cpos_create_without_an_end(client: Client) -> None:
    network = await client("ocpi_cpos.create", **NETWORK, ttl_seconds=None)

    assert network.expires_at is None


async def test_ocpi_cpos_list(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    listed = await client("ocpi_cpos.list", page=1, limit=10)

    assert [cpo.cpo_id for cpo in listed.data] == [made["cpo_id"]]
    assert listed.data[0].token_a is None


async def test_ocpi_cpos_get_status(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    status = await client("ocpi_cpos.get_status", made["cpo_id"])

    assert (status.status, status.error, status.progress) == ("READY", None, None)
    assert status.provisioned_at >= status.created_at


async def test_ocpi_cpos_get(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    cpo = await client("ocpi_cpos.get", made["cpo_id"])

    assert (cpo.topology.locations, cpo.topology.chargers, cpo.topology.evses, cpo.topology.connectors) == (1, 1, 1, 1)


async def test_ocpi_cpos_get_report(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    report = await client("ocpi_cpos.get_report", made["cpo_id"])

    assert report.markdown.startswith(f"# CPO {made['cpo_id']} — alice (small-urban-ac)")


async def test_ocpi_cpos_delete(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    await client("ocpi_cpos.delete", made["cpo_id"])
    await client("ocpi_cpos.delete", made["cpo_id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("ocpi_cpos.get", made["cpo_id"])
