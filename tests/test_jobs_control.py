"""Cancelling, trying again, and taking turns between tenants."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jobs.chargers import SingleCharger
from jobs.engine import JobEngine
from storage.database import Database
from storage.models import Job, JobItem, utc_now
from storage.presence import present
from storage.settling import Settlement, Taken
from tests.support.factories import add_charger, add_cpo, add_location, writing
from tests.support.gateway import Tenant, running_gateway
from tests.support.jobs import over, row_counts, site, sites, somebody_waits, start_bulk, watch
from tests.support.one_database import POSTGRESQL
from tests.support.rest import SITE

CANCEL = "mutation ($id: ID!) { cancelJob(input: {id: $id}) { job { id status error { code } } } }"
RETRY = "mutation ($id: ID!) { retryJob(input: {id: $id}) { job { id type status progress { total } } } }"
DELETE_SITE = "mutation ($id: ID!) { deleteLocation(input: {id: $id}) { deletedId } }"
NO_CHARGER = {
    "brand_slug": "nobody", "model_slug": "none", "connector_type": "Type2", "identity_prefix": "", "suffix": "1",
    "group": 0, "template_name": None,
}  # fmt: skip
NETWORK = "query ($id: ID!) { cpo(id: $id) { provisioning { status error { code } } } }"
CHARGER = "query ($id: ID!) { charger(id: $id) { provisioning { status error { code } } } }"
DELETE_CHARGER = "mutation ($id: ID!) { deleteCharger(input: {id: $id}) { deletedId } }"


async def first_progress(tenant: Tenant, job_id: str) -> None:
    """Returns when the job has made something."""
    async for event in watch(tenant, job_id):
        if event["job"]["progress"]["succeeded"]:
            return


async def test_a_cancelled_job_stops_and_tells_what_it_made(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(2000, chargers=1))
    await first_progress(tenant, job_id)

    cancelled = (await tenant.data(CANCEL, id=job_id))["cancelJob"]["job"]

    assert cancelled == {"id": job_id, "status": "FAILED", "error": {"code": "cancelled"}}
    job = await over(tenant, job_id)
    made = job["progress"]["succeeded"]
    assert 0 < made < 2000
    assert made + job["progress"]["failed"] == 2000
    counts = await row_counts(tenant)
    assert (counts["locations"], counts["ocpi_locations"], counts["deployments"]) == (made, made, made)
    events = [event async for event in watch(tenant, job_id, after=0)]
    assert events[-1]["job"] == {"status": "FAILED", "progress": {"succeeded": made, "failed": 2000 - made}}


async def test_cancelling_a_job_that_is_over_changes_nothing(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(1))
    before = await over(tenant, job_id)

    cancelled = (await tenant.data(CANCEL, id=job_id))["cancelJob"]["job"]

    assert cancelled == {"id": job_id, "status": "READY", "error": None}
    assert await over(tenant, job_id) == before


@POSTGRESQL  # on SQLite one writes after the other
async def test_a_job_is_cancelled_while_its_charger_is_being_made(tenant: Tenant) -> None:
    charger = await add_charger(tenant, status="PROVISIONING")
    async with writing(tenant) as session:
        session.add(job := Job(type="CREATE_CHARGER", total=1, status="PROVISIONING"))
        await session.flush()
        payload = {"identity": charger.identity}
        session.add(item := JobItem(job_id=job.id, index=0, payload=payload, status="RUNNING", charger_id=charger.id))
    unit = SingleCharger.prepare(job, item, {})

    with pytest.raises(Taken), tenant.gateway.services.database.batch(tenant.organization_id) as batch:
        settlement = Settlement(batch, job, item.index, step=unit.step, made=unit.made)
        unit.write(batch)
        cancelled = (await tenant.data(CANCEL, id=job.id))["cancelJob"]["job"]
        settlement.complete(None)

    assert cancelled == {"id": job.id, "status": "FAILED", "error": {"code": "cancelled"}}
    shown = (await tenant.data(CHARGER, id=charger.id))["charger"]
    assert shown == {"provisioning": {"status": "FAILED", "error": {"code": "cancelled"}}}


@POSTGRESQL  # on SQLite one writes after the other
async def test_a_site_is_deleted_behind_the_charger_that_is_being_made_there(tenant: Tenant) -> None:
    site_id = (await add_location(tenant)).id
    charger = await add_charger(tenant, location_id=site_id, status="PROVISIONING")
    async with writing(tenant) as session:
        session.add(job := Job(type="CREATE_CHARGER", total=1, status="PROVISIONING", location_id=site_id))
        await session.flush()
        payload = {"identity": charger.identity}
        session.add(item := JobItem(job_id=job.id, index=0, payload=payload, status="RUNNING", charger_id=charger.id))
    unit = SingleCharger.prepare(job, item, {})

    with tenant.gateway.services.database.batch(tenant.organization_id) as batch:
        settlement = Settlement(batch, job, item.index, step=unit.step, made=unit.made)
        unit.write(batch)
        deletion = asyncio.create_task(tenant.graphql(DELETE_SITE, id=site_id))
        await somebody_waits(tenant)
        settlement.complete(None)

    assert "errors" not in await deletion
    assert (await over(tenant, job.id))["status"] == "READY"


async def test_a_job_of_another_tenant_can_be_neither_cancelled_nor_tried_again(
    tenant: Tenant, stranger: Tenant
) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(1))

    for mutation in (CANCEL, RETRY):
        result = await stranger.graphql(mutation, id=job_id)
        assert result["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_only_what_failed_is_tried_again(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    await over(tenant, await start_bulk(tenant, cpo.id, [site("holder", chargers=1, prefix="P-")]))
    wanted = [site("one"), site("two", chargers=1, prefix="P-"), site("three")]
    job_id = await start_bulk(tenant, cpo.id, wanted)
    failed = await over(tenant, job_id)
    chargers = (await tenant.data("{ chargers { nodes { id } } }"))["chargers"]["nodes"]
    await tenant.data(DELETE_CHARGER, id=chargers[0]["id"])

    retried = (await tenant.data(RETRY, id=job_id))["retryJob"]["job"]
    again = await over(tenant, retried["id"])

    assert (failed["progress"]["succeeded"], failed["progress"]["failed"]) == (2, 1)
    assert retried["type"] == "BULK_CREATE_OCPI_LOCATIONS"
    assert [(item["name"], item["status"]) for item in again["items"]["nodes"]] == [("two", "SUCCEEDED")]
    assert await over(tenant, job_id) == failed
    assert (await row_counts(tenant))["locations"] == 4


async def test_a_job_without_failed_items_cannot_be_tried_again(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(1))
    await over(tenant, job_id)

    result = await tenant.graphql(RETRY, id=job_id)

    assert result["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_a_job_that_is_tried_again_while_its_site_is_deleted_is_accepted_before_it_or_refused(
    tenant: Tenant,
) -> None:
    for _ in range(12):
        site_id = (await add_location(tenant)).id
        async with writing(tenant) as session:
            session.add(job := Job(type="BULK_CREATE_CHARGERS", total=1, failed=1, status="READY", location_id=site_id))
            await session.flush()
            session.add(JobItem(job_id=job.id, index=0, payload=NO_CHARGER, status="FAILED"))

        retry, deletion = await asyncio.gather(
            tenant.graphql(RETRY, id=job.id), tenant.graphql(DELETE_SITE, id=site_id)
        )

        assert "errors" not in deletion
        assert [error["extensions"]["code"] for error in retry.get("errors", [])] in ([], ["CONFLICT"])


async def test_a_job_whose_site_is_gone_cannot_be_tried_again(tenant: Tenant) -> None:
    site_id = (await add_location(tenant)).id
    async with writing(tenant) as session:
        session.add(job := Job(type="BULK_CREATE_CHARGERS", total=1, failed=1, status="READY", location_id=site_id))
        await session.flush()
        session.add(JobItem(job_id=job.id, index=0, payload=NO_CHARGER, status="FAILED"))
    await tenant.data(DELETE_SITE, id=site_id)

    result = await tenant.graphql(RETRY, id=job.id)

    assert result["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_a_charger_that_failed_becomes_ready_when_its_job_is_tried_again(tenant: Tenant) -> None:
    error = {"code": "cancelled", "message": "The job was cancelled.", "retryable": True}
    charger = await add_charger(tenant, status="FAILED", error=error)
    async with writing(tenant) as session:
        session.add(job := Job(type="CREATE_CHARGER", total=1, failed=1, status="FAILED", error=error))
        await session.flush()
        payload = {"identity": charger.identity}
        session.add(JobItem(job_id=job.id, index=0, payload=payload, status="FAILED", charger_id=charger.id))

    retried = (await tenant.data(RETRY, id=job.id))["retryJob"]["job"]
    await over(tenant, retried["id"])

    shown = (await tenant.data(CHARGER, id=charger.id))["charger"]
    assert shown == {"provisioning": {"status": "READY", "error": None}}


async def add_failed_job(
    tenant: Tenant, payload: dict[str, Any], *, charger_id: str | None = None, **values: Any
) -> Job:
    """A job that failed with its only item."""
    async with writing(tenant) as session:
        session.add(job := Job(total=1, failed=1, status="FAILED", **values))
        await session.flush()
        session.add(JobItem(job_id=job.id, index=0, payload=payload, status="FAILED", charger_id=charger_id))
    return job


async def test_a_network_that_is_ready_by_another_try_stays_so(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant, status="READY")
    job = await add_failed_job(tenant, {}, type="CREATE_CPO", network_id=cpo.id)

    result = await tenant.graphql(RETRY, id=job.id)

    assert [error["extensions"]["code"] for error in result["errors"]] == ["CONFLICT"]
    shown = (await tenant.data(NETWORK, id=str(cpo.id)))["cpo"]
    assert shown == {"provisioning": {"status": "READY", "error": None}}


async def test_a_charger_that_is_ready_by_another_try_stays_so(tenant: Tenant) -> None:
    charger = await add_charger(tenant, status="READY")
    payload = {"identity": charger.identity}
    job = await add_failed_job(tenant, payload, type="CREATE_CHARGER", charger_id=charger.id)

    result = await tenant.graphql(RETRY, id=job.id)

    assert [error["extensions"]["code"] for error in result["errors"]] == ["CONFLICT"]
    shown = (await tenant.data(CHARGER, id=charger.id))["charger"]
    assert shown == {"provisioning": {"status": "READY", "error": None}}


async def test_a_charger_that_is_gone_is_not_tried_again(tenant: Tenant) -> None:
    charger = await add_charger(tenant, status="FAILED")
    payload = {"identity": charger.identity}
    job = await add_failed_job(tenant, payload, type="CREATE_CHARGER", charger_id=charger.id)
    await tenant.data(DELETE_CHARGER, id=charger.id)

    result = await tenant.graphql(RETRY, id=job.id)

    assert [error["extensions"]["code"] for error in result["errors"]] == ["CONFLICT"]


async def test_of_many_tries_at_once_one_makes_the_network(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant, status="FAILED")
    payload = {**SITE, "timezone": None, "owner_name": None, "public": True, "parking_type": None, "charges": None}
    job = await add_failed_job(tenant, payload, type="CREATE_CPO", network_id=cpo.id)

    answers = await asyncio.gather(*(tenant.graphql(RETRY, id=job.id) for _ in range(4)))
    accepted = [answer["data"]["retryJob"]["job"]["id"] for answer in answers if "errors" not in answer]
    for id in accepted:
        await over(tenant, id)

    codes = [error["extensions"]["code"] for answer in answers for error in answer.get("errors", [])]
    assert (len(accepted), codes) == (1, ["CONFLICT"] * 3)
    assert (await row_counts(tenant))["ocpi_locations"] == 1
    shown = (await tenant.data(NETWORK, id=str(cpo.id)))["cpo"]
    assert shown == {"provisioning": {"status": "READY", "error": None}}


async def test_a_long_job_of_one_tenant_does_not_hold_up_anothers_short_one(tenant: Tenant, stranger: Tenant) -> None:
    ours, theirs = await add_cpo(tenant), await add_cpo(stranger)
    long_job = await start_bulk(tenant, ours.id, sites(4000))
    await first_progress(tenant, long_job)

    short_job = await start_bulk(stranger, theirs.id, sites(5))
    await over(stranger, short_job)

    status = (await tenant.data("query ($id: ID!) { job(id: $id) { status } }", id=long_job))["job"]["status"]
    assert status == "PROVISIONING"
    await tenant.data(CANCEL, id=long_job)


async def test_a_short_job_of_the_same_tenant_overtakes_its_long_one(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    long_job = await start_bulk(tenant, cpo.id, sites(4000))
    await first_progress(tenant, long_job)

    await over(tenant, await start_bulk(tenant, cpo.id, sites(5)))

    status = (await tenant.data("query ($id: ID!) { job(id: $id) { status } }", id=long_job))["job"]["status"]
    assert status == "PROVISIONING"
    await tenant.data(CANCEL, id=long_job)


async def test_jobs_that_lost_their_workflows_are_taken_up(tmp_path: Path) -> None:
    url, long_ago = f"sqlite:///{tmp_path / 'lost.db'}", utc_now() - timedelta(hours=1)
    async with running_gateway(url, tmp_path) as gateway:
        tenant = gateway.tenant()
        lost = [Job(type="BULK_CREATE_OCPI_LOCATIONS", total=1, updated_at=long_ago) for _ in range(25)]
        async with writing(tenant) as session:  # at once: the gateway takes them up as soon as it sees them
            session.add_all(lost)
            await session.flush()
            session.add_all(JobItem(job_id=job.id, index=0, payload={}) for job in lost)

    async with running_gateway(url, tmp_path) as gateway:
        tenant = gateway.tenant(tenant.organization_id)
        jobs = [await over(tenant, job.id) for job in lost]

    assert {job["items"]["nodes"][0]["error"]["code"] for job in jobs} == {"cpo_gone"}


async def is_taken_for_dead(database: Database) -> bool:
    """What another node finds when it looks for this one."""
    async with present(database.postgres_url, "another", {}) as presence, presence.lock_of(database.node_id) as is_dead:
        return is_dead


@POSTGRESQL  # SQLite has one process
async def test_a_node_that_stops_is_not_taken_for_dead_while_its_items_run(tenant: Tenant) -> None:
    services = tenant.gateway.services
    jobs = services.jobs
    assert isinstance(jobs, JobEngine)
    job_id = await start_bulk(tenant, (await add_cpo(tenant)).id, sites(900))
    await first_progress(tenant, job_id)

    try:
        async with writing(tenant) as session:  # an item that is being made waits here to be counted
            await session.execute(select(Job.id).where(Job.id == job_id).with_for_update())
            await somebody_waits(tenant)
            stopping = asyncio.create_task(jobs.stop())
            await asyncio.wait({stopping}, timeout=0.5)
            is_dead = await is_taken_for_dead(services.database)
        await stopping
    finally:
        await jobs.start()

    assert is_dead is False
    assert (await over(tenant, job_id))["progress"]["succeeded"] == 900
