"""Chargers as services of ECS, against moto's server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import delete

from settings import Settings, SettingsError
from storage.models import Charger
from storage.session import ALL_TENANTS
from tests.support.chargers import Deployed, deploy, eventually
from tests.support.csms import recording_csms
from tests.support.gateway import Gateway, running_gateway
from tests.support.nodes import Node
from tests.support.postgres import fresh_database

CLUSTER = "chargers"
NOWHERE = "ws://127.0.0.1:9/ocpp"
ECS_SETTINGS: dict[str, Any] = {
    "provider": "ecs", "ecs_cluster": CLUSTER, "ecs_task_definition": "chargeyard", "ecs_subnets": "subnet-1",
}  # fmt: skip


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an ECS with a cluster and the operator's task definition; the environment leads to it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    client = boto3.client("ecs")
    client.create_cluster(clusterName=CLUSTER)
    container = {
        "name": "chargeyard",
        "image": "chargeyard:1",
        "memory": 512,
        "environment": [{"name": "A", "value": "1"}],
    }
    client.register_task_definition(
        family="chargeyard", networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"],
        containerDefinitions=[container],
    )  # fmt: skip
    yield client
    server.stop()


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.fixture
def on_ecs(ecs: Any) -> dict[str, Any]:
    """Settings of a gateway whose chargers run on that ECS, in the subnets that are there."""
    ec2 = boto3.client("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    groups = [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]]
    return {**ECS_SETTINGS, "ecs_subnets": ", ".join(subnets), "ecs_security_groups": groups[0]}


@pytest.fixture
async def gateway(on_ecs: dict[str, Any], url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(url, tmp_path, **on_ecs) as gateway:
        yield gateway


def service(ecs: Any, charger: Deployed) -> dict[str, Any]:
    """The charger's service; empty where there is none."""
    described = ecs.describe_services(cluster=CLUSTER, services=[f"chargeyard-{charger.id}"])["services"]
    return next((dict(found) for found in described if found["status"] == "ACTIVE"), {})


async def test_a_charger_is_a_service_that_runs_its_charger_only(gateway: Gateway, ecs: Any) -> None:
    [charger] = await deploy(gateway.tenant(), NOWHERE)

    made = service(ecs, charger)
    definition = ecs.describe_task_definition(taskDefinition=made["taskDefinition"])["taskDefinition"]
    [container] = definition["containerDefinitions"]
    assert made["desiredCount"] == 1
    assert container["command"] == ["fleet", "--provider", "ecs", "--charger", charger.id]
    assert (container["image"], container["environment"]) == ("chargeyard:1", [{"name": "A", "value": "1"}])
    assert (await charger.row()).provider == "ecs"


async def test_start_and_stop_change_the_desired_count_and_answer_with_the_facts(gateway: Gateway, ecs: Any) -> None:
    [charger] = await deploy(gateway.tenant(), NOWHERE)

    stopped = await charger.runtime("stop")
    assert service(ecs, charger)["desiredCount"] == 0
    started = await charger.runtime("start")
    await charger.runtime("reset")

    assert service(ecs, charger)["desiredCount"] == 1
    assert stopped["payload"] == {
        "provider": "ecs", "runtime_kind": "ecs_service", "service_name": f"chargeyard-{charger.id}",
        "desired_count": 0, "status": "ACTIVE",
    }  # fmt: skip
    assert started["payload"]["desired_count"] == 1


async def test_a_deleted_charger_takes_its_service_along(gateway: Gateway, ecs: Any) -> None:
    [charger] = await deploy(gateway.tenant(), NOWHERE)

    status, _ = await charger.tenant.rest("DELETE", f"/ocpp/chargers/{charger.id}")

    assert status == 204
    assert service(ecs, charger) == {}


async def test_services_match_the_rows_again_after_a_crash(
    ecs: Any, on_ecs: dict[str, Any], url: str, tmp_path: Path
) -> None:
    async with running_gateway(url, tmp_path, **on_ecs) as gateway:
        kept, lost = await deploy(gateway.tenant(), NOWHERE, count=2)
    ecs.delete_service(cluster=CLUSTER, service=f"chargeyard-{lost.id}", force=True)
    ecs.create_service(
        cluster=CLUSTER, serviceName="chargeyard-dep-unknown", taskDefinition="chargeyard", desiredCount=1
    )
    ecs.create_service(cluster=CLUSTER, serviceName="another-program", taskDefinition="chargeyard", desiredCount=1)

    async with running_gateway(url, tmp_path, **on_ecs):

        async def active() -> set[str]:
            arns = ecs.list_services(cluster=CLUSTER)["serviceArns"]
            described = ecs.describe_services(cluster=CLUSTER, services=[arn.rpartition("/")[2] for arn in arns])
            return {found["serviceName"] for found in described["services"] if found["status"] == "ACTIVE"}

        expected = {f"chargeyard-{kept.id}", f"chargeyard-{lost.id}", "another-program"}
        await eventually(active, lambda names: names == expected)


async def test_a_hand_over_that_was_lost_is_made_up_for_while_the_process_lives(
    ecs: Any, on_ecs: dict[str, Any], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.ecs.RECONCILE_S", 0.1)
    async with running_gateway(url, tmp_path, **on_ecs) as gateway:
        stopped, deleted, lost = await deploy(gateway.tenant(), NOWHERE, count=3)
        async with gateway.services.database.write(ALL_TENANTS) as session:
            (await session.get_one(Charger, stopped.id)).desired_running = False
            await session.execute(delete(Charger).where(Charger.id == deleted.id))
            (await session.get_one(Charger, lost.id)).provider = "local"  # as before its first hand-over
        ecs.delete_service(cluster=CLUSTER, service=f"chargeyard-{lost.id}", force=True)

        async def counts() -> list[int | None]:
            return [service(ecs, each).get("desiredCount") for each in (stopped, deleted, lost)]

        await eventually(counts, lambda found: found == [0, None, 1])
        await eventually(lost.row, lambda row: row.provider == "ecs")


async def test_shared_tasks_go_with_the_last_charger_even_if_its_hand_over_was_lost(
    ecs: Any, on_ecs: dict[str, Any], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.ecs.RECONCILE_S", 0.1)
    async with running_gateway(url, tmp_path, ecs_chargers_per_task=2, **on_ecs) as gateway:
        [charger] = await deploy(gateway.tenant(), NOWHERE)
        async with gateway.services.database.write(ALL_TENANTS) as session:
            await session.execute(delete(Charger).where(Charger.id == charger.id))

        async def tasks() -> int:
            [shared] = ecs.describe_services(cluster=CLUSTER, services=["chargeyard-fleet"])["services"]
            return int(shared["desiredCount"])

        await eventually(tasks, lambda count: count == 0)


async def test_many_chargers_can_share_the_tasks_of_one_service(
    ecs: Any, on_ecs: dict[str, Any], url: str, tmp_path: Path
) -> None:
    async with running_gateway(url, tmp_path, ecs_chargers_per_task=2, **on_ecs) as gateway:
        await deploy(gateway.tenant(), NOWHERE, count=5)

        [shared] = ecs.describe_services(cluster=CLUSTER, services=["chargeyard-fleet"])["services"]
        definition = ecs.describe_task_definition(taskDefinition=shared["taskDefinition"])["taskDefinition"]
        assert shared["desiredCount"] == 3
        assert definition["containerDefinitions"][0]["command"] == ["fleet", "--provider", "ecs"]


async def test_what_a_container_runs_takes_commands_like_any_other_charger(
    gateway: Gateway, ecs: Any, url: str, tmp_path: Path
) -> None:
    async with recording_csms() as csms:
        first, second = await deploy(gateway.tenant(), csms.url, count=2)
        container = Node(tmp_path, url, "fleet", arguments=["--provider", "ecs", "--charger", first.id]).start()
        try:
            station = await csms.station(first.identity)
            await eventually(first.row, lambda row: row.connected)
            await first.does("plugConnector")
            await station.status("Preparing")
            assert second.identity not in csms.stations
        finally:
            container.stop()


async def test_an_ecs_that_refuses_is_unavailable(ecs: Any, on_ecs: dict[str, Any], url: str, tmp_path: Path) -> None:
    async with running_gateway(url, tmp_path, **on_ecs) as gateway:
        [charger] = await deploy(gateway.tenant(), NOWHERE)
    ecs.delete_service(cluster=CLUSTER, service=f"chargeyard-{charger.id}", force=True)

    async with running_gateway(url, tmp_path, **{**on_ecs, "ecs_subnets": "subnet-unknown"}) as gateway:
        tenant = gateway.tenant(charger.tenant.organization_id)
        status, body = await tenant.rest("POST", f"/ocpp/chargers/{charger.id}/start-charger", json={})

    assert (status, body["detail"][:30]) == (503, "ECS does not do as it is asked")


@pytest.mark.parametrize("missing", ["ecs_cluster", "ecs_task_definition", "ecs_subnets"])
def test_settings_of_ecs_are_checked(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"CHARGEYARD_{missing.upper()}"):
        Settings.from_env(**{**ECS_SETTINGS, missing: "", "database_url": "postgresql://localhost/x"})
