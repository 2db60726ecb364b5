"""The catalog and the templates over GraphQL."""

from __future__ import annotations

from tests.support.gateway import Tenant


async def test_the_published_model_is_in_the_catalog(tenant: Tenant) -> None:
    document = """{
      brand(slug: "wallbox") {
        slug name models { slug name connectorCount currentType supportedKw connectorTypes brand { slug } }
      }
    }"""

    brand = (await tenant.data(document))["brand"]

    assert (brand["slug"], brand["name"]) == ("wallbox", "Wallbox")
    assert brand["models"][1] == {
        "slug": "wallbox-pulsar-plus",
        "name": "Pulsar Plus",
        "connectorCount": 1,
        "currentType": "ac",
        "supportedKw": [7.4, 22.0],
        "connectorTypes": ["Type2"],
        "brand": {"slug": "wallbox"},
    }


async def test_brands_and_their_models_stand_in_the_order_of_their_slugs(tenant: Tenant) -> None:
    brands = (await tenant.data("{ brands { slug models { slug } } }"))["brands"]

    slugs = [brand["slug"] for brand in brands]
    assert slugs == sorted(slugs)
    assert len(slugs) >= 5
    assert all([m["slug"] for m in brand["models"]] == sorted(m["slug"] for m in brand["models"]) for brand in brands)


async def test_an_unknown_brand_is_null(tenant: Tenant) -> None:
    document = "query ($slug: String!) { brand(slug: $slug) { id } }"

    answers = [await tenant.data(document, slug=slug) for slug in ("nope", "", "\0", "x" * 10_000)]

    assert answers == [{"brand": None}] * 4


async def test_the_network_templates_are_those_of_the_contract(tenant: Tenant) -> None:
    data = await tenant.data("{ cpoTemplates { slug version locations chargers } }")

    assert data["cpoTemplates"] == [
        {"slug": "small-urban-ac", "version": 1, "locations": 2, "chargers": 6},
        {"slug": "highway-dc", "version": 1, "locations": 3, "chargers": 6},
        {"slug": "mixed-depot", "version": 1, "locations": 1, "chargers": 6},
    ]


async def test_site_templates_are_chosen_by_current_and_version(tenant: Tenant) -> None:
    document = """{
      all: locationTemplates { slug type chargers evses }
      dc: locationTemplates(type: DC) { slug }
      mixed: locationTemplates(type: AC_DC) { slug }
      new: locationTemplates(ocppVersion: OCPP_2_0_1) { slug }
      none: locationTemplates(type: DC, ocppVersion: OCPP_1_6) { slug }
    }"""

    data = await tenant.data(document)

    assert data["all"][0] == {"slug": "urban-ac-hub", "type": "AC", "chargers": 4, "evses": 4}
    assert data["dc"] == [{"slug": "highway-dc-station"}]
    assert data["mixed"] == [{"slug": "retail-ac-dc"}]
    assert data["new"] == [{"slug": "highway-dc-station"}, {"slug": "retail-ac-dc"}]
    assert data["none"] == []
