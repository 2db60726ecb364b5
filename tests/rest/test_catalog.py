"""The catalog over REST (contract §7)."""

from __future__ import annotations

import pytest

from tests.support.gateway import Tenant
from tests.support.rest import got

BRANDS = "/ocpp/catalog/brands"


async def test_the_pulsar_plus_is_as_published(tenant: Tenant) -> None:
    brand = next(row for row in (await got(tenant, BRANDS))["data"] if row["slug"] == "wallbox")

    model = await got(tenant, f"{BRANDS}/wallbox/models/wallbox-pulsar-plus")

    assert model == {
        "id": model["id"],
        "slug": "wallbox-pulsar-plus",
        "name": "Pulsar Plus",
        "brand_slug": "wallbox",
        "brand_id": brand["id"],
        "image_url": model["image_url"],
        "connector_count": 1,
        "current_type": "ac",
        "supported_kwh": [7.4, 22],
        "connector_types": ["Type2"],
        "created_at": model["created_at"],
    }
    assert brand.keys() == {"id", "slug", "name", "image_url", "created_at"}


@pytest.mark.parametrize("slugs", ["schneider/models/evlink-pro-ac-22kw", "abb/models/terra-184"])
async def test_the_models_of_the_published_samples_are_there(tenant: Tenant, slugs: str) -> None:
    model = await got(tenant, f"{BRANDS}/{slugs}")

    assert "CCS2" in model["connector_types"]


async def test_a_list_of_models_has_those_of_its_brand(tenant: Tenant) -> None:
    listed = await got(tenant, f"{BRANDS}/wallbox/models?limit=100")

    assert listed["total"] == len(listed["data"]) > 0
    assert (listed["page"], listed["limit"]) == (1, 100)
    assert {model["brand_slug"] for model in listed["data"]} == {"wallbox"}


async def test_pages_of_brands_do_not_overlap(tenant: Tenant) -> None:
    whole = await got(tenant, BRANDS)

    pages = [await got(tenant, f"{BRANDS}?limit=1&page={page}") for page in range(1, whole["total"] + 1)]

    assert [page["data"][0] for page in pages] == whole["data"]


@pytest.mark.parametrize(
    "path", ["nobody/models", "nobody/models/x", "wallbox/models/nothing", "abb/models/wallbox-pulsar-plus"]
)
async def test_what_the_catalog_does_not_have_is_404(tenant: Tenant, path: str) -> None:
    assert (await tenant.rest("GET", f"{BRANDS}/{path}"))[0] == 404
