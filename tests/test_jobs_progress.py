"""The progress of a job as its watchers see it: whole, in order, and bounded for the slow."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import select

from jobs.feed import NOTIFY_EVERY_S, Feed
from storage.models import Job
from tests.support.factories import add_cpo, add_job, writing
from tests.support.gateway import Tenant
from tests.support.jobs import DEADLINE_S, WATCH, events_of, over, sites, start_bulk, subscribed, watch
from tests.support.one_database import POSTGRESQL


async def watched(tenant: Tenant, job_id: str, after: int | None = None) -> list[dict[str, Any]]:
    return [event async for event in watch(tenant, job_id, after)]


async def test_a_watcher_gets_the_state_now_then_every_change_in_order_then_the_end(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(120))

    events = await watched(tenant, job_id)

    sequences = [event["sequence"] for event in events]
    assert sequences == list(range(sequences[0], 123))
    assert [event["job"]["status"] for event in events[-2:]] == ["PROVISIONING", "READY"]
    assert {event["job"]["status"] for event in events[:-1]} <= {"PENDING", "PROVISIONING"}
    done = [event["job"]["progress"]["succeeded"] for event in events]
    assert done == sorted(done)
    assert done[-1] == 120
    items = [event["item"]["index"] for event in events if event["item"] is not None]
    assert len(items) == len(set(items))


async def test_a_watcher_that_comes_back_misses_nothing(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(120))
    seen: list[int] = []

    while not seen or seen[-1] < 122:
        async with subscribed(tenant, job_id, after=seen[-1] if seen else 0) as socket:
            async for event in events_of(socket):
                seen.append(event["sequence"])
                if len(seen) % 25 == 0:
                    break  # the connection is lost

    assert seen == list(range(1, 123))


async def test_after_the_end_there_is_the_last_state_or_what_was_missed(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(3))
    await over(tenant, job_id)

    assert [event["sequence"] for event in await watched(tenant, job_id)] == [5]
    assert [event["sequence"] for event in await watched(tenant, job_id, after=2)] == [3, 4, 5]
    assert await watched(tenant, job_id, after=5) == []
    assert await watched(tenant, job_id, after=1_000) == []


async def test_many_watchers_of_one_job_see_the_same(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(60))

    seen = await asyncio.gather(*(watched(tenant, job_id, after=0) for _ in range(50)))

    assert [event["sequence"] for event in seen[0]] == list(range(1, 63))
    assert all(events == seen[0] for events in seen)


async def test_a_watcher_that_does_not_read_skips_to_the_newest_state_when_it_does(tenant: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(count := 900))
    # events so large that a few fill the buffers of both ends
    document = WATCH.replace("job {", f"job {{ items(first: 100) {{ nodes {{ {'n' * 3_000}: name }} }} ")

    async with AsyncExitStack() as watching:
        async with writing(tenant) as session:  # the job waits until somebody watches
            await session.execute(select(Job.id).where(Job.id == job_id).with_for_update())
            socket = await watching.enter_async_context(subscribed(tenant, job_id, document=document))
            first = await anext(events_of(socket))
        await over(tenant, job_id)
        sequences = [first["sequence"], *[event["sequence"] async for event in events_of(socket)]]

    assert sequences == sorted(set(sequences))
    assert len(sequences) < count
    assert sequences[-1] == count + 2


async def test_watchers_whose_events_can_not_be_read_are_told_and_not_left_waiting(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await add_job(tenant, status="PROVISIONING", total=2, succeeded=1, sequence=3)

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    async with subscribed(tenant, job.id) as first, subscribed(tenant, job.id) as second:
        for socket in (first, second):
            assert (await socket.receive_json())["payload"]["data"]["jobProgress"]["sequence"] == 3
        monkeypatch.setattr("storage.work.events_behind", fail)
        tenant.gateway.services.jobs.wake(job)
        for socket in (first, second):
            (error,) = (await socket.receive_json(timeout=DEADLINE_S))["payload"]
            assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_the_progress_of_another_tenants_job_is_not_found(tenant: Tenant, stranger: Tenant) -> None:
    cpo = await add_cpo(tenant)
    job_id = await start_bulk(tenant, cpo.id, sites(1))

    async with subscribed(stranger, job_id) as socket:
        message = await socket.receive_json(timeout=DEADLINE_S)

    not_found = {"message": f"There is no job {job_id}.", "extensions": {"code": "NOT_FOUND"}}
    assert message == {"id": "1", "type": "error", "payload": [not_found]}


@POSTGRESQL  # on SQLite there is no other process to tell
async def test_when_a_job_was_told_of_is_forgotten_once_it_may_be_told_of_again(tenant: Tenant) -> None:
    database = tenant.gateway.services.database
    feed = Feed(database)

    with database.batch(tenant.organization_id) as batch:
        for number in range(50):
            feed.announce(batch, f"cancelled {number}", urgent=False)
        await asyncio.sleep(NOTIFY_EVERY_S)
        feed.announce(batch, "open", urgent=False)

    assert list(feed._notified_at) == ["open"]
