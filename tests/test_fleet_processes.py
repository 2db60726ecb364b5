"""Chargers that processes of their own run, share, and take over from a dead one; on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from errors import Conflict
from storage.models import ChargePoint, Charger, OcppVersion
from tests.support.chargers import Deployed, deploy, eventually
from tests.support.csms import Csms, Station
from tests.support.gateway import Gateway, Tenant, running_gateway
from tests.support.nodes import Node
from tests.support.postgres import fresh_database
from tests.support.rest import make_location

CHARGERS_OF_A_VERSION = 100
V201 = OcppVersion.OCPP_2_0_1
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.fixture(scope="module")
async def gateway(url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway that runs no chargers itself."""
    async with running_gateway(url, tmp_path_factory.mktemp("gateway"), fleet=False) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def node(url: str, tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Iterator[Node]:
    """A process that runs chargers; tests leave it running, and alone."""
    node = Node(tmp_path_factory.mktemp("node"), url, "fleet")
    node.start()
    yield node
    node.stop()


@pytest.fixture
async def tenant(gateway: Gateway) -> AsyncIterator[Tenant]:
    """An organization whose chargers end with the test, as processes share all that there are."""
    tenant = gateway.tenant()
    yield tenant
    for kind in ("locations", "chargers"):
        for row in (await tenant.rest("GET", f"/ocpp/{kind}?limit=100"))[1]["data"]:
            await tenant.rest("DELETE", f"/ocpp/{kind}/{row['id']}")


@pytest.fixture
def csms(csms: Csms) -> Csms:
    csms.patience_s = PATIENCE_S
    return csms


async def test_commands_reach_a_charger_of_another_process(tenant: Tenant, csms: Csms, node: Node) -> None:
    [charger] = await deploy(tenant, csms.url)
    station = await csms.station(charger.identity)
    await station.receives("StatusNotification")
    await eventually(charger.row, lambda row: row.connected)

    configured = await charger.does(
        "setConfiguration", "status configured", configuration=[{"key": "MeterValueSampleInterval", "value": "5"}]
    )
    await charger.does("plugConnector")
    refusal = await charger.refuses("plugConnector")

    await station.status("Preparing")
    assert (configured["status"], configured["configured"]) == ("Accepted", ["MeterValueSampleInterval"])
    assert refusal == "Connector 1 already has a cable plugged in."


async def test_a_command_that_fails_unforeseen_is_refused_and_the_next_is_carried_out(
    tenant: Tenant, csms: Csms, node: Node
) -> None:
    [charger] = await deploy(tenant, csms.url)
    row = await eventually(charger.row, lambda row: row.connected)

    with pytest.raises(Conflict, match="unexpected") as refusal:
        await tenant.gateway.services.fleet.command(row, "of_a_newer_release", {})
    await charger.does("plugConnector")

    assert "KeyError" in node.log.read_text()
    assert "KeyError" not in str(refusal.value)


async def test_a_charger_of_another_process_is_stopped_started_and_reset(
    tenant: Tenant, csms: Csms, node: Node
) -> None:
    [charger] = await deploy(tenant, csms.url)
    station = await csms.station(charger.identity)
    await station.receives("StatusNotification")

    await charger.runtime("stop")
    await station.until(lambda s: not s.connected)
    await charger.runtime("start")
    await station.receives("BootNotification", 2)
    await charger.runtime("reset")

    assert (await station.receives("BootNotification", 3))["chargePointModel"] == "Model S"


async def test_chargers_of_another_process_can_be_reset_at_once(tenant: Tenant, csms: Csms, node: Node) -> None:
    chargers = await deploy(tenant, csms.url, count=60)
    await eventually(lambda: all_connected(chargers), lambda connected: connected)

    await asyncio.gather(*(charger.runtime("reset") for charger in chargers))

    for charger in chargers:
        await (await csms.station(charger.identity)).receives("BootNotification", 2)


async def all_connected(chargers: list[Deployed]) -> bool:
    return all([(await charger.row()).connected for charger in chargers])


async def test_a_process_that_joins_takes_its_share(
    tenant: Tenant, csms: Csms, node: Node, url: str, tmp_path: Path
) -> None:
    await deploy(tenant, csms.url, count=40)
    await csms.until(lambda: _connected(csms) == 40, "all connected")
    other = Node(tmp_path, url, "fleet").start()

    try:
        await eventually(lambda: _owners(tenant), lambda owners: None not in owners and len(owners) == 2)
        await csms.until(lambda: _connected(csms) == 40, "all connected again")
        owners = await _owners(tenant)
    finally:
        other.stop()

    assert sorted(owners.values()) == [20, 20]


async def test_transactions_of_a_killed_process_are_closed_by_the_next_one(
    tenant: Tenant, csms: Csms, node: Node
) -> None:
    location_id = (await make_location(tenant))["id"]
    chargers = [
        *await deploy(tenant, csms.url, count=CHARGERS_OF_A_VERSION, location_id=location_id),
        *await deploy(tenant, csms.url, count=CHARGERS_OF_A_VERSION, location_id=location_id, version=V201),
    ]
    await csms.until(lambda: _connected(csms) == len(chargers) and _idle(csms), "all connected")
    await _start_all(tenant, location_id)
    await csms.until(lambda: len(_energized(csms)) == len(chargers), "all charging")
    await eventually(lambda: _memories(tenant), lambda memories: all(_is_kept(csms, *each) for each in memories))

    node.kill()
    node.start()
    await csms.until(lambda: len(_ended(csms)) == len(chargers), "all closed")

    for station in csms.stations.values():
        _assert_closed_once(station)


def _assert_closed_once(station: Station) -> None:
    """One transaction, its end after its start, closed as a cut of the power, with no energy that was not measured."""
    if station.version == "1.6":
        [start], [stop] = station.sent("StartTransaction"), station.sent("StopTransaction")
        assert stop["reason"] == "PowerLoss"
        assert stop["transactionId"] > 0
        assert stop["meterStop"] >= start["meterStart"]
        assert stop["timestamp"] >= start["timestamp"]
        return
    events = station.sent("TransactionEvent")
    assert Counter(event["eventType"] for event in events)["Started"] == 1
    assert events[-1]["transactionInfo"]["stoppedReason"] == "PowerLoss"
    assert [event["seqNo"] for event in events] == list(range(len(events)))
    assert len({event["transactionInfo"]["transactionId"] for event in events}) == 1


def _connected(csms: Csms) -> int:
    return sum(station.connected for station in csms.stations.values())


def _idle(csms: Csms) -> bool:
    return all(station.sent("StatusNotification") for station in csms.stations.values())


def _energized(csms: Csms) -> list[Station]:
    return [s for s in csms.stations.values() if s.last_status() == "Charging" or len(s.sent("TransactionEvent")) >= 2]


def _ended(csms: Csms) -> list[Station]:
    def is_over(station: Station) -> bool:
        events = station.sent("TransactionEvent")
        return bool(station.sent("StopTransaction")) or bool(events and events[-1]["eventType"] == "Ended")

    return [station for station in csms.stations.values() if is_over(station)]


async def _start_all(tenant: Tenant, location_id: str) -> None:
    body = {"target": {"location_id": location_id}, "event": {"id_tag": "TAG-1"}}
    status, outcome = await tenant.rest("POST", "/ocpp/commands/start-session", json=body)
    assert (status, outcome["failed"]) == (200, [])


async def _memories(tenant: Tenant) -> list[tuple[str, dict[str, Any]]]:
    """What each charger remembers on disk, by identity."""
    own = select(Charger.identity, ChargePoint.configuration).join(Charger.charge_point)
    async with tenant.gateway.services.database.read(tenant.organization_id) as session:
        return [(row.identity, row.configuration) for row in await session.execute(own)]


def _is_kept(csms: Csms, identity: str, memory: dict[str, Any]) -> bool:
    """Whether all that the CSMS was told of the running transaction is on disk, and that it answered."""
    station, transaction = csms.stations[identity], memory["connectors"]["1"]["transaction"]
    if station.version == "1.6":
        return transaction["number"] is not None and "outbox" not in memory
    return transaction["sequence"] == len(station.sent("TransactionEvent")) and "outbox" not in memory


async def _owners(tenant: Tenant) -> dict[str | None, int]:
    """How many chargers each process runs."""
    async with tenant.gateway.services.database.read(tenant.organization_id) as session:
        return Counter((await session.scalars(select(Charger.node_id))).all())
