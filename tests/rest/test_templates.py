"""The galleries of templates over REST (contract §9)."""

from __future__ import annotations

import pytest

from tests.support.gateway import Tenant
from tests.support.rest import got


@pytest.mark.parametrize("path", ["/ocpi/templates/cpos", "/ocpi/cpos/templates"])
async def test_the_templates_of_networks_are_as_published(tenant: Tenant, path: str) -> None:
    listed = await got(tenant, path)

    assert listed["total"] == 3
    assert [(row["slug"], row["version"], row["locations"], row["chargers"]) for row in listed["data"]] == [
        ("small-urban-ac", 1, 2, 6),
        ("highway-dc", 1, 3, 6),
        ("mixed-depot", 1, 1, 6),
    ]
    assert all(row["description"] for row in listed["data"])


@pytest.mark.parametrize("path", ["/ocpp/templates/locations", "/ocpi/templates/locations"])
async def test_a_template_of_a_site_is_answered_whole(tenant: Tenant, path: str) -> None:
    listed = await got(tenant, path)

    station = next(row for row in listed["data"] if row["slug"] == "highway-dc-station")
    (group,) = station["groups"]
    assert station == {
        "slug": "highway-dc-station",
        "version": 1,
        "description": station["description"],
        "type": "DC",
        "ocpp_version": "OCPP2.0.1",
        "site": {
            "country": "DE",
            "city": station["site"]["city"],
            "parking_type": "ALONG_MOTORWAY",
            "timezone": "Europe/Berlin",
        },
        "groups": [
            {
                "brand_slug": "abb",
                "model_slug": "terra-184",
                "connector_type": "CCS2",
                "ocpp_version": "OCPP2.0.1",
                "count": 4,
                "nominal_kw": 180,
                "identity_prefix": group["identity_prefix"],
            }
        ],
        "chargers": 4,
        "evses": station["evses"],
    }
    assert listed["total"] == len(listed["data"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=AC", {"urban-ac-hub", "residential-ac-single"}),
        ("type=DC", {"highway-dc-station"}),
        ("ocpp_version=OCPP2.0.1&type=DC", {"highway-dc-station"}),
        ("ocpp_version=OCPP2.0.1&type=AC", set()),
    ],
)
async def test_templates_of_sites_are_filtered(tenant: Tenant, query: str, expected: set[str]) -> None:
    listed = await got(tenant, f"/ocpp/templates/locations?{query}")

    assert {row["slug"] for row in listed["data"]} == expected


@pytest.mark.parametrize("version", ["OCPP1.6", "OCPP2.0.1"])
async def test_a_mixed_template_has_every_version(tenant: Tenant, version: str) -> None:
    listed = await got(tenant, f"/ocpp/templates/locations?type=AC-DC&ocpp_version={version}")

    assert {row["ocpp_version"] for row in listed["data"]} == {"mixed"}


@pytest.mark.parametrize("query", ["type=ac", "type=", "ocpp_version=1.6", "ocpp_version=OCPP2.1"])
async def test_any_other_value_of_a_filter_is_422(tenant: Tenant, query: str) -> None:
    status, body = await tenant.rest("GET", f"/ocpp/templates/locations?{query}")

    assert status == 422
    assert body["detail"][0]["loc"] == ["query", query.partition("=")[0]]
