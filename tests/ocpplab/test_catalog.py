"""Brands, models and templates, with the published client."""

from __future__ import annotations

from tests.support.published_client import Client


async def test_location_templates_list(client: Client) -> None:
    listed = await client("location_templates.list", type="AC-DC", ocpp_version="OCPP1.6")

    assert listed["total"] >= 1
    assert {template["type"] for template in listed["data"]} == {"AC-DC"}


async def test_ocpi_templates_list(client: Client) -> None:
    listed = await client("ocpi_templates.list")

    assert [(each.slug, each.version, each.locations, each.chargers) for each in listed.data] == [
        ("small-urban-ac", 1, 2, 6),
        ("highway-dc", 1, 3, 6),
        ("mixed-depot", 1, 1, 6),
    ]
    assert listed.total == 3


async def test_catalog_list_brands(client: Client) -> None:
    listed = await client("catalog.list_brands", page=1, limit=100)

    assert {"wallbox", "schneider", "abb"} <= {brand.slug for brand in listed.data}
    assert listed.total == len(listed.data)


async def test_catalog_list_models(client: Client) -> None:
    listed = await client("catalog.list_models", "wallbox", page=1, limit=50)

    assert "wallbox-pulsar-plus" in {model.slug for model in listed.data}


async def test_catalog_get_model(client: Client) -> None:
    model = await client("catalog.get_model", "wallbox", "wallbox-pulsar-plus")

    assert (model.name, model.current_type, model.supported_kwh) == ("Pulsar Plus", "ac", [7.4, 22])
