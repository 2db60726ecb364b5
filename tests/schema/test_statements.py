"""The number of statements does not grow with the number of rows."""

from __future__ import annotations

import pytest

from storage.models import JobItem
from tests.support.executor import statements_of
from tests.support.factories import add_charger, add_cpo, add_frame, add_job, add_location, add_ocpi_location, writing
from tests.support.gateway import Tenant

# no two fields of a document lead to the same rows, so that how loads meet in time makes no difference
DOCUMENTS = {
    "locations": """{
      locations {
        totalCount nodes {
          ocpiLocation { cpo { id } }
          chargers(first: 3) { totalCount nodes { evses { id } logs(first: 2) { totalCount edges { cursor } } } }
        }
      }
    }""",
    "cpos": """{
      cpos {
        totalCount nodes {
          report topology { locations chargers evses connectors }
          locations(orderBy: [{field: NAME, direction: ASC}], where: {country: {eq: "FR"}}) {
            totalCount nodes { location { id } chargers(last: 2) { totalCount nodes { id location { id } } } }
          }
        }
      }
    }""",
    "networks' locations": "{ cpos { nodes { locations { nodes { id cpo { id } } } } } }",
    "chargers": "{ chargers { totalCount nodes { location { id } evses { charger { id } } } } }",
    "frames": "{ chargers { nodes { logs { nodes { id charger { id } } } } } }",
    "jobs": """{
      jobs {
        totalCount nodes {
          cpo { id } location { id }
          items { totalCount nodes { index ocpiLocation { id } charger { id } } }
        }
      }
    }""",
    "brands": "{ brands { models { brand { slug } } } }",
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_list_takes_as_many_statements_for_many_rows_as_for_one(
    tenant: Tenant, stranger: Tenant, name: str
) -> None:
    await _fill(stranger, 1)
    await _fill(tenant, 3)

    few = await statements_of(stranger, DOCUMENTS[name])
    many = await statements_of(tenant, DOCUMENTS[name])

    assert len(many) == len(few) > 0


async def test_fields_that_ask_for_the_same_rows_share_one_statement(tenant: Tenant) -> None:
    await add_location(tenant)

    statements = await statements_of(
        tenant, "{ locations { nodes { a: chargers { totalCount } b: chargers { totalCount } } } }"
    )

    assert len([statement for statement in statements if "count(*)" in statement]) == 1


async def test_an_unselected_total_is_not_counted(tenant: Tenant) -> None:
    statements = await statements_of(tenant, "{ locations { nodes { id } } }")

    assert [statement for statement in statements if "count(" in statement] == []


async def _fill(tenant: Tenant, number: int) -> None:
    """So many networks, each with as many sites, chargers, frames and jobs."""
    for _ in range(number):
        cpo = await add_cpo(tenant)
        for _ in range(number):
            site = await add_ocpi_location(tenant, cpo)
            charger = None
            for _ in range(number):
                charger = await add_charger(tenant, location_id=site.location_id, evses=number)
                for _ in range(number):
                    await add_frame(tenant, charger)
        job = await add_job(tenant, items=number, network_id=cpo.id, location_id=site.location_id)
        async with writing(tenant) as session:
            for index in range(number):
                item = await session.get_one(JobItem, (job.id, index))
                item.ocpi_location_id = site.id
                item.charger_id = charger.id if charger is not None else None
