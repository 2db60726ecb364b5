"""Networks and their locations over GraphQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from storage.models import Credentials, utc_now
from tests.support.factories import add_charger, add_cpo, add_job, add_ocpi_location, writing
from tests.support.gateway import Tenant

CREATE = """
mutation ($input: CreateCpoInput!) {
  createCpo(input: $input) {
    cpo {
      id party { countryCode partyId role } namePrefix template templateVersion ocpiVersion ocpiPeerUrl expiresAt
      provisioning { workflowRunId error { code } provisionedAt }
    }
    tokenA roamHelper { credentialsPayload curlSnippet } job { id type workflowRunId cpo { id } progress { total } }
  }
}
"""
INPUT = {"template": "small-urban-ac", "countryCode": "fr", "partyId": "abc", "namePrefix": "demo-"}
UPDATE = """
mutation ($input: UpdateOcpiLocationInput!) {
  updateOcpiLocation(input: $input) { ocpiLocation { slug name ownerName parkingType updatedAt } }
}
"""


async def test_a_network_is_accepted_with_its_token_and_its_job(tenant: Tenant) -> None:
    made = (await tenant.data(CREATE, input={**INPUT, "ttlSeconds": None}))["createCpo"]

    cpo, job = made["cpo"], made["job"]
    assert cpo["party"] == {"countryCode": "FR", "partyId": "ABC", "role": "CPO"}
    assert (cpo["template"], cpo["templateVersion"], cpo["ocpiVersion"]) == ("small-urban-ac", 1, "2.2.1")
    assert (cpo["expiresAt"], cpo["provisioning"]["error"]) == (None, None)
    assert cpo["provisioning"]["workflowRunId"] == job["workflowRunId"]
    assert cpo["ocpiPeerUrl"].endswith("/ocpi/2.2.1/versions")
    assert made["roamHelper"]["credentialsPayload"] == {"token": made["tokenA"], "url": cpo["ocpiPeerUrl"]}
    assert made["tokenA"] in made["roamHelper"]["curlSnippet"]
    assert (job["type"], job["progress"]["total"], job["cpo"]) == ("CREATE_CPO", 2, {"id": cpo["id"]})


async def test_an_unknown_template_is_not_found(tenant: Tenant) -> None:
    result = await tenant.graphql(CREATE, input={**INPUT, "template": "nope"})

    assert result["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"countryCode": "FRA"}, ["input", "countryCode"]),
        ({"partyId": "AB"}, ["input", "partyId"]),
        ({"namePrefix": ""}, ["input", "namePrefix"]),
        ({"namePrefix": "a b"}, ["input", "namePrefix"]),
        ({"role": "CPO"}, ["input", "role"]),
        ({"ocpiVersion": "3.0"}, ["input", "ocpiVersion"]),
        ({"ttlSeconds": 59}, ["input", "ttlSeconds"]),
        ({"ttlSeconds": 604_801}, ["input", "ttlSeconds"]),
        ({"overrides": {"locations": 11}}, ["input", "overrides", "locations"]),
        ({"overrides": {"chargersPerLocation": 0}}, ["input", "overrides", "chargersPerLocation"]),
        ({"overrides": {"nope": 1}}, ["input", "overrides", "nope"]),
        ({"template": "\0"}, ["input", "template"]),
        ({"seed": 2**31}, ["input", "seed"]),
    ],
)
async def test_a_bad_network_names_the_field(tenant: Tenant, change: dict[str, Any], path: list[str]) -> None:
    result = await tenant.graphql(CREATE, input={**INPUT, **change})

    extensions = result["errors"][0]["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert [field["path"] for field in extensions["fields"]] == [path]


async def test_a_network_counts_what_is_in_it(tenant: Tenant) -> None:
    full, empty = await add_cpo(tenant), await add_cpo(tenant)
    for evses in (1, 2):
        site = await add_ocpi_location(tenant, full)
        await add_charger(tenant, location_id=site.location_id, evses=evses)
        await add_charger(tenant, location_id=site.location_id, evses=evses)

    data = await tenant.data("{ cpos { nodes { id topology { locations chargers evses connectors } } totalCount } }")

    assert data["cpos"] == {
        "nodes": [
            {"id": str(empty.id), "topology": {"locations": 0, "chargers": 0, "evses": 0, "connectors": 0}},
            {"id": str(full.id), "topology": {"locations": 2, "chargers": 4, "evses": 6, "connectors": 6}},
        ],
        "totalCount": 2,
    }


async def test_the_report_lists_the_sites_and_shows_an_unused_token(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant, country_code="FR", party_id="ABC", template="small-urban-ac", name_prefix="demo-")
    site = await add_ocpi_location(tenant, cpo, name="Hub\nNorth", city="Lyon")
    await add_charger(tenant, location_id=site.location_id)

    report = await _report(tenant, cpo.id)

    assert report.startswith(f"# CPO {cpo.id} — demo- (small-urban-ac)\n\n## Party\n\nFR / ABC / CPO\n")
    assert f"## Locations (1)\n\n- {site.id} · Hub North · Lyon (1 charger)\n" in report
    assert "## Token A\n\n`a_" in report


async def test_the_report_masks_a_used_token(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    async with writing(tenant) as session:
        registration = (await session.scalars(select(Credentials).where(Credentials.network_id == cpo.id))).one()
        registration.used_at = utc_now()

    report = await _report(tenant, cpo.id)

    assert registration.token not in report
    assert f"`{registration.token[:4]}…` (used)" in report


async def test_a_deleted_network_takes_its_locations_along(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    site = await add_ocpi_location(tenant, cpo)
    charger = await add_charger(tenant, location_id=site.location_id)
    job = await add_job(tenant, network_id=cpo.id)

    deleted = await tenant.data("mutation ($id: ID!) { deleteCpo(input: {id: $id}) { deletedId } }", id=str(cpo.id))

    document = """
      query ($cpo: ID!, $site: ID!, $charger: ID!, $job: ID!) {
        cpo(id: $cpo) { id } ocpiLocation(id: $site) { id } charger(id: $charger) { id } job(id: $job) { cpo { id } }
      }
    """
    left = await tenant.data(document, cpo=str(cpo.id), site=site.id, charger=charger.id, job=job.id)
    assert deleted == {"deleteCpo": {"deletedId": str(cpo.id)}}
    assert left == {"cpo": None, "ocpiLocation": None, "charger": None, "job": {"cpo": None}}


async def test_an_ocpi_location_reads_its_site_and_its_network(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    row = await add_ocpi_location(tenant, cpo, name="Hub", timezone="Europe/Paris", parking_type="ON_STREET")
    charger = await add_charger(tenant, location_id=row.location_id, evses=2, identity="HUB-1")
    document = """
      query ($id: ID!) {
        ocpiLocation(id: $id) {
          organizationId slug name coordinates { latitude longitude } timezone ownerName public parkingType
          cpo { id } location { id ocpiLocation { id } }
          chargers {
            totalCount
            nodes { id runtime { provider status connected lastSeenAt } provisioning { status error { code } }
                    evses { evseUid connectorNumber connectorType maxPower status charger { id } } }
          }
        }
      }
    """

    data = await tenant.data(document, id=row.id)

    evse = {"connectorType": "Type2", "maxPower": 22000, "status": "AVAILABLE", "charger": {"id": charger.id}}
    assert data["ocpiLocation"] == {
        "organizationId": tenant.organization_id,
        "slug": row.slug,
        "name": "Hub",
        "coordinates": {"latitude": 48.8566, "longitude": 2.3522},
        "timezone": "Europe/Paris",
        "ownerName": None,
        "public": True,
        "parkingType": "ON_STREET",
        "cpo": {"id": str(cpo.id)},
        "location": {"id": row.location_id, "ocpiLocation": {"id": row.id}},
        "chargers": {
            "totalCount": 1,
            "nodes": [
                {
                    "id": charger.id,
                    "runtime": {"provider": "local", "status": "STOPPED", "connected": False, "lastSeenAt": None},
                    "provisioning": {"status": "READY", "error": None},
                    "evses": [
                        {"evseUid": "HUB-1_C1", "connectorNumber": 1, **evse},
                        {"evseUid": "HUB-1_C2", "connectorNumber": 2, **evse},
                    ],
                }
            ],
        },
    }


async def test_an_update_of_an_ocpi_location_changes_its_site_but_not_the_slug(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    row = await add_ocpi_location(tenant, cpo, name="Old", owner_name="A", parking_type="ON_STREET")

    first = await tenant.data(UPDATE, input={"id": row.id, "name": "New", "ownerName": None})
    second = await tenant.data(UPDATE, input={"id": row.id, "parkingType": None})

    one, two = (data["updateOcpiLocation"]["ocpiLocation"] for data in (first, second))
    assert one.pop("updatedAt") < two.pop("updatedAt")
    assert one == {"slug": row.slug, "name": "New", "ownerName": None, "parkingType": "ON_STREET"}
    assert two == {"slug": row.slug, "name": "New", "ownerName": None, "parkingType": None}


async def test_an_unknown_parking_type_is_bad_user_input(tenant: Tenant) -> None:
    row = await add_ocpi_location(tenant, await add_cpo(tenant))

    result = await tenant.graphql(UPDATE, input={"id": row.id, "parkingType": "ROOF"})

    extensions = result["errors"][0]["extensions"]
    assert (extensions["code"], extensions["fields"][0]["path"]) == ("BAD_USER_INPUT", ["input", "parkingType"])


async def test_a_deleted_ocpi_location_takes_its_site_and_chargers_along(tenant: Tenant) -> None:
    row = await add_ocpi_location(tenant, await add_cpo(tenant))
    charger = await add_charger(tenant, location_id=row.location_id)
    delete = "mutation ($id: ID!) { deleteOcpiLocation(input: {id: $id}) { deletedId } }"

    await tenant.data(delete, id=row.id)

    document = "query ($site: ID!, $charger: ID!) { location(id: $site) { id } charger(id: $charger) { id } }"
    left = await tenant.data(document, site=row.location_id, charger=charger.id)
    assert left == {"location": None, "charger": None}
    again = await tenant.graphql(delete, id=row.id)
    assert again["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("id", ["", "0", "-1", "01", "1.0", "２", "2147483648", "9" * 100, "abc", "\0"])
async def test_an_id_that_no_network_can_have_is_just_unknown(tenant: Tenant, id: str) -> None:
    data = await tenant.data("query ($id: ID!) { cpo(id: $id) { id } node(id: $id) { id } }", id=id)

    assert data == {"cpo": None, "node": None}


async def _report(tenant: Tenant, id: int) -> str:
    report: str = (await tenant.data("query ($id: ID!) { cpo(id: $id) { report } }", id=str(id)))["cpo"]["report"]
    return report
