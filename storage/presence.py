"""The sessions by which a process is present on PostgreSQL: a lock says that it lives, and it hears of the others.

A session-level advisory lock goes with its session, however the process dies. Whoever can take the lock of another
node knows that this node is gone, or cut off, which the guards on every row make just as harmless.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import asyncpg

CONNECT_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 5.0
LOCK_SPACE = 0x4E4F4445  # "NODE": the first of the two numbers of a node's lock

# the server learns within 10 s that a host has vanished without a word
KEEPALIVE = {"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}

_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"

Heard = Mapping[str, Callable[[str], None]]

SESSION_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def jobs_of(node_id: str) -> str:
    """What the sessions of a node's jobs are called on the server."""
    return f"chargeyard-jobs {node_id}"


class Presence:
    """One open session, holding this node's lock."""

    def __init__(self, connection: asyncpg.Connection, node_id: str) -> None:
        self._connection = connection
        self._node_id = node_id

    async def other_nodes_at_work(self, schema: str) -> list[str]:
        """The nodes, besides this one, that workflows are said to be running on."""
        rows = await self._connection.fetch(
            f"SELECT DISTINCT executor_id FROM {schema}.workflow_status WHERE status = 'PENDING' AND executor_id <> $1",
            self._node_id,
        )
        return [row["executor_id"] for row in rows]

    @asynccontextmanager
    async def lock_of(self, node_id: str) -> AsyncIterator[bool]:
        """Whether the node's lock was free; held within the block, so that one node alone takes its work over."""
        key = (LOCK_SPACE, node_id)
        free = await self._connection.fetchval("SELECT pg_try_advisory_lock($1, hashtext($2))", *key)
        try:
            yield free
        finally:
            if free:
                await self._connection.execute("SELECT pg_advisory_unlock($1, hashtext($2))", *key)

    async def end_jobs_of(self, node_id: str) -> None:
        """Ends what a node left open, with its locks: that of a paused node may wait in the middle of a pipeline,
        where no timeout of the server's ends it."""
        await self._connection.execute(_END_SESSIONS, jobs_of(node_id))


@asynccontextmanager
async def present(url: str, node_id: str, heard: Heard) -> AsyncIterator[Presence]:
    """Holds the node's lock and hears, as `hearing`, as long as the block runs.

    Raises one of SESSION_LOST, as the session does later.
    """
    async with hearing(url, f"chargeyard {node_id}", heard) as connection:
        # waits for the moment in which another node looks whether this one lives
        await connection.execute("SELECT pg_advisory_lock($1, hashtext($2))", LOCK_SPACE, node_id)
        yield Presence(connection, node_id)


@asynccontextmanager
async def hearing(url: str, name: str, heard: Heard) -> AsyncIterator[asyncpg.Connection]:
    """A session of this name that calls `heard`, by channel, with what is notified there, as long as the block runs.

    `url` is PostgreSQL's own form of the database's URL. Raises one of SESSION_LOST, as the session does later.
    """
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings={"application_name": name, **KEEPALIVE},
    )
    try:
        for channel in heard:
            await connection.add_listener(channel, lambda _connection, _pid, name, payload: heard[name](str(payload)))
        yield connection
    finally:
        connection.terminate()
