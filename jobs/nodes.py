"""Takes over the work of nodes that died. On PostgreSQL only: SQLite has one process."""

from __future__ import annotations

import asyncio
import logging

from jobs.durable import CHANNEL as WORK
from jobs.durable import SCHEMA, Durable
from jobs.feed import CHANNEL as PROGRESS
from jobs.feed import Feed
from storage.database import Database
from storage.presence import SESSION_LOST, Presence, present

log = logging.getLogger("chargeyard.jobs")

LOOK_EVERY_S = 1.0
RECONNECT_AFTER_S = 1.0


async def watch_nodes(database: Database, durable: Durable, feed: Feed) -> None:
    """Is present, hears of work and progress and looks for dead nodes, until cancelled; an outage is sat out."""
    url, node_id = database.postgres_url, database.node_id
    heard = {PROGRESS: feed.wake_here, WORK: lambda _workflow: durable.ring()}
    while True:
        try:
            async with present(url, node_id, heard) as presence:
                log.info("present as %s", node_id)
                durable.ring()  # for what was told before it could hear
                while True:
                    await _take_over(presence, durable)
                    await asyncio.sleep(LOOK_EVERY_S)
        except SESSION_LOST as exc:
            log.warning("this node has lost its session on the database (%s); connecting again", exc)
        except Exception:  # the engine's edge: without its session a node is taken for dead
            log.exception("this node could not look for others; connecting again")
        await asyncio.sleep(RECONNECT_AFTER_S)


async def _take_over(presence: Presence, durable: Durable) -> None:
    for node_id in await presence.other_nodes_at_work(SCHEMA):
        async with presence.lock_of(node_id) as is_dead:
            if is_dead:
                await presence.end_jobs_of(node_id)
                count = await asyncio.to_thread(durable.recover, [node_id])
                log.warning("node %s is gone; took over %d of its workflows", node_id, count)
