"""The one place that knows DBOS Transact: what keeps a workflow going until it has returned, whatever dies.

A workflow here is a plain function of text and numbers that can be run again at any time: it reads from our own rows
what is left to do. So no step results are recorded, and DBOS keeps only "queued", "running at node x" and "done".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from dbos import EnqueueOptions as DBOSEnqueueOptions
from dbos._queue import queue_worker_thread
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from jobs.bell import Bell
from storage.database import Database
from storage.models import wire

NAME = "chargeyard"
VERSION = "1"  # of the workflows' arguments: the default, a hash of the source, would strand work at each release
QUEUE = "work"
SCHEMA = "dbos"
POLL_S = 1.0  # for work that no bell tells of
LISTENER_NAP_S = 0.1  # a stop waits for the end of its nap; by default 1 s
THREADS = 32  # the default has no bound
PURGE_BATCH = 500
CHANNEL = "chargeyard_work"  # where the processes on one PostgreSQL tell each other of work
STOP_S = 5.0

Workflow = Callable[..., None]


@dataclass(frozen=True)
class Pace:
    """How many items one workflow works off, and how many workflows run at once in a process, in all and of one tenant.

    Some places are always left to other tenants, however much one of them asked for.
    """

    chunk: int
    at_once: int
    at_once_of_tenant: int


# on SQLite two writers only wait for each other, so one long chunk after the other is fastest: between two it idles
PACES = {True: Pace(1_000, 4, 1), False: Pace(200, 4, 2)}


class Durable:
    """The engine of one process. `launch` and `destroy` block; call them in a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.pace = PACES[database.is_sqlite]
        self._client: DBOSClient | None = None
        self._bell = Bell()
        self._listener: threading.Thread | None = None

    def launch(self, workflows: dict[str, Workflow]) -> None:
        """Brings DBOS's tables up to date, takes over what this node left behind and starts to work."""
        logging.getLogger("dbos").setLevel(logging.WARNING)  # it tells of every start, migration and queue
        logging.getLogger("psycopg").setLevel(logging.ERROR)  # it repeats the error of a pipeline, which we are told
        url = self._database.sync_url
        DBOS.migrate(url, schema=SCHEMA)
        # our engine: on SQLite its writers queue with ours, on PostgreSQL its sessions end with ours
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": url,
            "dbos_system_schema": SCHEMA,
            "application_version": VERSION,
            "system_database_engine": self._database.engine,
            "executor_id": self._database.node_id,
            "serializer": DBOSPortableJSONSerializer(),
            "run_migrations": False,
            "use_listen_notify": False,  # nothing here waits for DBOS's own messages
            "notification_listener_polling_interval_sec": LISTENER_NAP_S,
            "max_executor_threads": THREADS,
            "log_level": "WARNING",
        }
        dbos = DBOS(config=config)
        for name, workflow in workflows.items():
            self._register(name, workflow)
        DBOS.listen_queues([])  # we listen ourselves, to hear the bell
        DBOS.launch()
        queue = DBOS.register_queue(
            QUEUE,
            worker_concurrency=self.pace.at_once,
            partition_worker_concurrency=self.pace.at_once_of_tenant,
            polling_interval_sec=POLL_S,
            on_conflict="always_update",
        )
        self._client = DBOSClient(
            system_database_engine=self._database.engine,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_name=NAME,
            lazy=True,
        )
        self._bell = Bell()
        self._listener = threading.Thread(
            target=queue_worker_thread, args=(self._bell, dbos, queue), name="queue of work", daemon=True
        )
        self._listener.start()

    def destroy(self) -> None:
        """Stops without waiting for workflows; those that run are taken up again by the next launch."""
        self._bell.set()
        if self._listener is not None:
            self._listener.join(STOP_S)
        DBOS.destroy(destroy_registry=True)

    def enqueue(
        self, session: Session, workflow: str, id: str, *args: str | int, tenant: str, priority: int = 1
    ) -> None:
        """Queues a workflow in the session's transaction; the same id twice is one workflow. Less is sooner.

        When it commits, this process and the others on the database look for work.
        """
        if self._client is None:
            raise RuntimeError("the engine is not launched")
        options: DBOSEnqueueOptions = {
            "workflow_name": workflow,
            "queue_name": QUEUE,
            "workflow_id": id,
            "app_version": VERSION,
            "queue_partition_key": tenant,
            "priority": priority,
        }
        self._client.enqueue_in_transaction(session.connection(), options, *args)
        if event.contains(session, "after_commit", self._committed):
            return
        event.listen(session, "after_commit", self._committed)
        if not self._database.is_sqlite:
            session.connection().execute(select(func.pg_notify(CHANNEL, workflow)))

    def ring(self) -> None:
        """Has this process look for work at once. From any thread."""
        self._bell.ring()

    def recover(self, node_ids: Sequence[str]) -> int:
        """Queues again what these nodes were running; gives how many workflows that were."""
        recovered = DBOS._recover_pending_workflows(list(node_ids))
        self.ring()
        return len(recovered)

    def standing(self, id_prefixes: Sequence[str]) -> dict[str, list[str | None]]:
        """Where the workflows with each of these prefixes stand: the node of one that runs, None for one in the queue.

        The prefixes are ids of jobs, with which the ids of their workflows begin.
        """
        found = DBOS.list_workflows(
            workflow_id_prefix=list(id_prefixes),
            status=["ENQUEUED", "DELAYED", "PENDING"],
            load_input=False,
            load_output=False,
        )
        nodes: dict[str, list[str | None]] = {prefix: [] for prefix in id_prefixes}
        for row in found:
            job_id = row.workflow_id.partition(":")[0]
            nodes[job_id].append(row.executor_id if row.status == "PENDING" else None)
        return nodes

    def purge(self, before: datetime) -> int:
        """Deletes the records of workflows that ended before this instant; gives how many."""
        purged = 0
        find = partial(
            DBOS.list_workflows,
            status=["SUCCESS", "ERROR", "CANCELLED"],
            end_time=wire(before),
            limit=PURGE_BATCH,
            load_input=False,
            load_output=False,
        )
        while ids := [row.workflow_id for row in find()]:
            DBOS.delete_workflows(ids)
            purged += len(ids)
        return purged

    def _committed(self, _session: Session) -> None:
        self.ring()

    def _register(self, name: str, workflow: Workflow) -> None:
        def run(*args: str | int) -> None:  # a method can't be one itself
            try:
                workflow(*args)
            finally:
                self.ring()  # there is room for the next one

        DBOS.workflow(name=name, max_recovery_attempts=None)(run)
