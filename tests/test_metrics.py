"""What an operator's Prometheus scrapes: counts of all organizations, for an admin's token only."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from resolvers.auth import Role
from tests.support.factories import add_cpo
from tests.support.gateway import Gateway, Tenant, running_gateway
from tests.support.jobs import over, sites, start_bulk


async def scraped(client: Tenant) -> dict[str, float]:
    """Each sample by its name with its labels' values, in the order of the labels."""
    async with client.gateway.http.get(f"{client.gateway.url}/metrics", headers=client.headers) as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        text = await response.text()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {" ".join([sample.name, *dict(sorted(sample.labels.items())).values()]): sample.value for sample in samples}


async def test_jobs_items_and_networks_are_counted(own_url: str, tmp_path: Path) -> None:
    async with running_gateway(own_url, tmp_path) as gateway:
        tenant = gateway.tenant()
        cpo = await add_cpo(tenant)
        await over(tenant, await start_bulk(tenant, cpo.id, sites(3)))

        counts = await scraped(gateway.tenant(role=Role.ADMIN))

    assert counts == {
        "chargeyard_jobs READY BULK_CREATE_OCPI_LOCATIONS": 1,
        "chargeyard_job_items succeeded READY BULK_CREATE_OCPI_LOCATIONS": 3,
        "chargeyard_job_items failed READY BULK_CREATE_OCPI_LOCATIONS": 0,
        "chargeyard_job_items open READY BULK_CREATE_OCPI_LOCATIONS": 0,
        "chargeyard_networks": 1,
        "chargeyard_fleet_processes": 1,
    }


@pytest.mark.parametrize(
    ("role", "status", "detail"),
    [
        (Role.USER, 403, "Only an admin token may see the counts of all organizations."),
        (None, 401, "A bearer token is required."),
    ],
)
async def test_only_an_admin_may_scrape(gateway: Gateway, role: Role | None, status: int, detail: str) -> None:
    headers = gateway.tenant(role=role).headers if role else {}

    async with gateway.http.get(f"{gateway.url}/metrics", headers=headers) as response:
        assert (response.status, await response.json()) == (status, {"detail": detail})
