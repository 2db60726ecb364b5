"""Chargers as services of Amazon ECS: one for each charger, or one whose tasks share them all.

The containers run `app.py fleet --provider ecs` against the same database, so commands reach their chargers as they
reach those of any other process. What ECS is told is only which containers should be there.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from errors import Unavailable
from fleet.local import LocalFleet
from fleet.loops import forever
from settings import Settings
from storage import ecs as rows
from storage.database import Database
from storage.models import Charger
from storage.session import ALL_TENANTS

log = logging.getLogger("chargeyard.fleet")

PROVIDER = "ecs"
SHARED = "chargeyard-fleet"
PREFIX = "chargeyard-"
ATTEMPTS = 10  # of a call that ECS throttles or fails; botocore waits longer before each
DESCRIBED_AT_ONCE = 10  # ECS allows no more
AT_ONCE = 8  # calls under way
RECONCILE_S = 60.0
KEPT_OF_A_DEFINITION = (
    "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "volumes", "requiresCompatibilities",
    "cpu", "memory", "runtimePlatform", "ephemeralStorage",
)  # fmt: skip


class EcsFleet:
    """Implements `resolvers.context.Fleet`. Its own process runs no chargers."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._commands = LocalFleet(database, settings.model_copy(update={"fleet": False}))
        self._cluster = Cluster(settings)
        self._applying: set[str] = set()
        self._reconciling: asyncio.Task[NoReturn] | None = None

    async def start(self) -> None:
        """Makes the services match the rows again and again: any process may fail or die between the two."""
        await self._commands.start()
        self._reconciling = asyncio.create_task(forever("the match of services with chargers", self._reconcile))

    async def stop(self) -> None:
        """Lets the services run: they are what survives this process."""
        if self._reconciling is not None:
            self._reconciling.cancel()
            await asyncio.wait([self._reconciling])
        await self._commands.stop()

    async def apply(self, charger_ids: Sequence[str]) -> None:
        """Starts, stops or deletes services until they are as the rows say. Raises Unavailable."""
        if not charger_ids:
            return
        self._applying.update(charger_ids)
        try:
            await self._match(charger_ids)
        finally:
            self._applying.difference_update(charger_ids)

    async def _match(self, charger_ids: Sequence[str]) -> None:
        async with self._database.write(ALL_TENANTS) as session:
            await rows.adopt(session, PROVIDER, charger_ids)
            wanted = await rows.wanted(session, PROVIDER, charger_ids)
            running = await rows.running(session, PROVIDER)
        if self._settings.ecs_chargers_per_task:
            await self._in_thread(self._cluster.scale, running)
            return
        gate = asyncio.Semaphore(AT_ONCE)

        async def put(id: str) -> None:
            async with gate:
                await self._in_thread(self._cluster.put, id, wanted.get(id))

        await asyncio.gather(*(put(id) for id in charger_ids))

    async def restart(self, charger: Charger) -> None:
        """Replaces the charger's task; where tasks are shared, its process cuts its power instead."""
        if self._settings.ecs_chargers_per_task:
            await self._commands.restart(charger)
        else:
            await self._in_thread(self._cluster.renew, service_of(charger.id))

    async def facts(self, charger: Charger) -> dict[str, Any]:
        """What ECS says of the charger's service."""
        shared = self._settings.ecs_chargers_per_task
        name = SHARED if shared else service_of(charger.id)
        service = await self._in_thread(self._cluster.describe, name)
        return {
            "provider": PROVIDER,
            "runtime_kind": "ecs_shared_service" if shared else "ecs_service",
            "service_name": name,
            "desired_count": int(charger.desired_running) if shared else service.get("desiredCount", 0),
            "status": service.get("status", "INACTIVE"),
        }

    async def command(self, charger: Charger, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Has a charger do something. Raises Conflict with the reason why it can't, Unavailable without an answer."""
        return await self._commands.command(charger, name, arguments)

    async def written(self) -> None:
        await self._commands.written()

    async def _reconcile(self) -> None:
        """Touches only services that are not as their rows say, for ECS allows few calls."""
        try:
            tasks = await self._in_thread(self._cluster.services)
            async with self._database.read(ALL_TENANTS) as session:
                wanted = await rows.all_wanted(session, PROVIDER)
            wrong = {id for id, running in wanted.items() if tasks.get(service_of(id), 0) != running}
            gone = {name.removeprefix(PREFIX) for name in tasks if name != SHARED} - wanted.keys()
            await self._match(sorted((wrong | gone) - self._applying))  # two that create a service are one too many
        except Unavailable as exc:
            log.warning("the services of ECS could not be matched with the chargers: %s", exc)
        await asyncio.sleep(RECONCILE_S)

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(work, *arguments)
        except (BotoCoreError, ClientError) as exc:
            raise Unavailable(f"ECS does not do as it is asked: {exc}", retry_after_s=30) from exc


class Cluster:
    """The calls to ECS; they block, and repeat themselves when ECS throttles or fails."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ecs = boto3.client("ecs", config=Config(retries={"mode": "adaptive", "max_attempts": ATTEMPTS}))

    def put(self, charger_id: str, running: bool | None) -> None:
        """Makes a charger's service run one task or none; None takes the service away."""
        name = service_of(charger_id)
        exists = self.describe(name).get("status") == "ACTIVE"
        if running is None:
            if exists:
                self._remove(name)
        elif exists:
            self._ecs.update_service(cluster=self._settings.ecs_cluster, service=name, desiredCount=int(running))
        elif running:
            self._create(name, ["--charger", charger_id], 1)

    def scale(self, chargers: int) -> None:
        """Gives the shared service as many tasks as its chargers need."""
        tasks = math.ceil(chargers / self._settings.ecs_chargers_per_task)
        if self.describe(SHARED).get("status") == "ACTIVE":
            self._ecs.update_service(cluster=self._settings.ecs_cluster, service=SHARED, desiredCount=tasks)
        elif tasks:
            self._create(SHARED, [], tasks)

    def renew(self, name: str) -> None:
        """Replaces the tasks of a service."""
        self._ecs.update_service(cluster=self._settings.ecs_cluster, service=name, forceNewDeployment=True)

    def describe(self, name: str) -> Mapping[str, Any]:
        """The service; empty where there is none."""
        return next(iter(self._described([name])), {})

    def services(self) -> dict[str, int]:
        """The names of all our services that are active, with the number of tasks that each should have."""
        pages = self._ecs.get_paginator("list_services").paginate(cluster=self._settings.ecs_cluster)
        names = [arn.rpartition("/")[2] for page in pages for arn in page["serviceArns"]]
        ours = [name for name in names if name.startswith(PREFIX)]
        active = (service for service in self._described(ours) if service["status"] == "ACTIVE")
        return {service["serviceName"]: service["desiredCount"] for service in active}

    def _described(self, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        for at in range(0, len(names), DESCRIBED_AT_ONCE):
            some = list(names[at : at + DESCRIBED_AT_ONCE])
            yield from self._ecs.describe_services(cluster=self._settings.ecs_cluster, services=some)["services"]

    def _create(self, name: str, arguments: Iterable[str], tasks: int) -> None:
        definition = self._define(name, ["fleet", "--provider", PROVIDER, *arguments])
        network = {"subnets": _listed(self._settings.ecs_subnets)}
        if self._settings.ecs_security_groups:
            network["securityGroups"] = _listed(self._settings.ecs_security_groups)
        self._ecs.create_service(
            cluster=self._settings.ecs_cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=tasks,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
        )

    def _define(self, name: str, command: list[str]) -> str:
        """The operator's task definition with our command in its first container."""
        base = self._ecs.describe_task_definition(taskDefinition=self._settings.ecs_task_definition)["taskDefinition"]
        definition = {key: base[key] for key in KEPT_OF_A_DEFINITION if base.get(key)}
        first, *others = definition["containerDefinitions"]
        definition["containerDefinitions"] = [{**first, "command": command}, *others]
        registered = self._ecs.register_task_definition(family=name, **definition)
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    def _remove(self, name: str) -> None:
        service = self.describe(name)
        self._ecs.delete_service(cluster=self._settings.ecs_cluster, service=name, force=True)
        self._ecs.deregister_task_definition(taskDefinition=service["taskDefinition"])


def service_of(charger_id: str) -> str:
    """The name of a charger's service."""
    return f"{PREFIX}{charger_id}"


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
