"""What charge points write down, whatever their CSMS has them write."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from fleet.writer import FLUSH_S
from storage.models import Charger, EvseStatus, FleetNode, OcppVersion
from storage.session import ALL_TENANTS
from tests.support.chargers import Deployed, booted, eventually
from tests.support.csms import Csms, Refused, Station, reply
from tests.support.gateway import Gateway, Tenant
from tests.support.one_database import POSTGRESQL

V16 = OcppVersion.OCPP_1_6
EXPIRY = "2099-01-01T00:00:00Z"


async def logs(charger: Deployed, action: str) -> Any:
    _, body = await charger.tenant.rest("GET", f"/ocpp/chargers/{charger.id}/logs", params={"event": action})
    return body["data"]


async def still_writes(charger: Deployed, station: Station) -> None:
    """Waits until something that the charger does now is on disk."""
    written = len(await logs(charger, "ClearCache"))
    assert await station.call("ClearCache") == {"status": "Accepted"}
    await eventually(lambda: logs(charger, "ClearCache"), lambda frames: len(frames) == written + 2)


async def test_an_action_with_a_nul_is_refused_and_written_without_it(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)

    with pytest.raises(Refused, match="NotImplemented"):
        await station.call_raw("A\0B", {})

    await still_writes(charger, station)
    assert len(await logs(charger, "A\N{REPLACEMENT CHARACTER}B")) == 2


async def test_texts_with_a_nul_are_refused(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version)
    if version is V16:
        asked = {"connectorId": 1, "expiryDate": EXPIRY, "idTag": "A\0B", "reservationId": 1}
    else:
        token = {"idToken": "A\0B", "type": "Central"}
        asked = {"id": 1, "expiryDateTime": EXPIRY, "idToken": token, "customData": {"vendorId": "a", "\0": 1}}

    with pytest.raises(Refused, match="FormationViolation" if version is V16 else "FormatViolation"):
        await station.call_raw("ReserveNow", asked)

    await still_writes(charger, station)
    assert "reservation" not in json.dumps(await charger.memory())


async def test_an_answer_with_a_nul_is_none(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    nul = {"idTagInfo": {"status": "Accepted", "parentIdTag": "A\0B"}}
    csms.behaviours["Authorize"] = reply(nul)

    await charger.does("authorizeIdTag", idTag="TAG-1")
    await station.receives("Authorize")

    await still_writes(charger, station)
    assert "tokens" not in await charger.memory()


async def test_a_backslash_before_what_reads_like_a_nul_is_text(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    asked = {"connectorId": 1, "expiryDate": EXPIRY, "idTag": r"A\\u0000", "reservationId": 1}

    assert await station.call("ReserveNow", asked) == {"status": "Accepted"}

    memory = await eventually(charger.memory, lambda memory: "connectors" in memory)
    assert memory["connectors"]["1"]["reservation"]["token"] == r"A\\u0000"


@asynccontextmanager
async def holding(gateway: Gateway, charger: Deployed) -> AsyncIterator[None]:
    """A transaction that holds the charger's row."""
    async with gateway.services.database.write(ALL_TENANTS) as session:
        await session.execute(select(Charger).where(Charger.id == charger.id).with_for_update())
        yield


@POSTGRESQL
async def test_a_charger_whose_row_another_transaction_holds_holds_up_no_other(
    gateway: Gateway, tenant: Tenant, csms: Csms
) -> None:
    held, its_station = await booted(tenant, csms)
    charger, station = await booted(tenant, csms)

    async with holding(gateway, held):
        await its_station.call("GetConfiguration")
        await charger.does("startSession", idTag="TAG-1")
        await station.receives("StartTransaction")
        await charger.does("stopSession")
        await station.receives("StopTransaction")
        await charger.runtime("reset")
        await station.receives("BootNotification", 2)

    await still_writes(held, its_station)


@POSTGRESQL
async def test_the_messages_of_a_charger_whose_row_is_held_wait_for_the_disk(
    gateway: Gateway, tenant: Tenant, csms: Csms
) -> None:
    held, its_station = await booted(tenant, csms)
    _, station = await booted(tenant, csms)

    async with holding(gateway, held):
        await held.does("startSession", idTag="TAG-1")
        await its_station.status("Preparing")
        for _ in range(20):
            await station.call("ClearCache")
            await asyncio.sleep(FLUSH_S / 2)
        assert not its_station.sent("StartTransaction")

    await its_station.receives("StartTransaction")


@POSTGRESQL
async def test_a_restart_that_waits_for_a_row_costs_no_lease(
    gateway: Gateway, tenant: Tenant, csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.local.RENEW_S", 0.2)
    held, its_station = await booted(tenant, csms)

    async with holding(gateway, held):
        row = await held.row()
        restart = asyncio.create_task(gateway.services.fleet.restart(row))
        await its_station.until(lambda s: not s.connected)
        since = await seen_at(gateway, row.node_id)
        await eventually(lambda: seen_at(gateway, row.node_id), lambda at: at > since + timedelta(seconds=2))
        assert not restart.done()

    await restart


async def seen_at(gateway: Gateway, node_id: str | None) -> datetime:
    """When a node last said that it is alive."""
    async with gateway.services.database.read(ALL_TENANTS) as session:
        return (await session.execute(select(FleetNode.seen_at).where(FleetNode.id == node_id))).scalar_one()


@asynccontextmanager
async def refusing_frames(gateway: Gateway, charger: Deployed) -> AsyncIterator[None]:
    """A database that does not take this charger's frames."""
    database, name = gateway.services.database, f"refuses_{charger.id.replace('-', '_')}"
    condition = f"charger_id = '{charger.id}'"
    made = f"ALTER TABLE ocpp_messages ADD CONSTRAINT {name} CHECK (NOT {condition}) NOT VALID"
    undone = f"ALTER TABLE ocpp_messages DROP CONSTRAINT {name}"
    if database.is_sqlite:
        refused = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        made = f"CREATE TRIGGER {name} BEFORE INSERT ON ocpp_messages WHEN NEW.{condition} {refused}"
        undone = f"DROP TRIGGER {name}"
    async with database.write(ALL_TENANTS) as session:
        await session.execute(text(made))
    try:
        yield
    finally:
        async with database.write(ALL_TENANTS) as session:
            await session.execute(text(undone))


async def test_rows_that_the_database_refuses_hold_up_no_other_charger(
    gateway: Gateway, tenant: Tenant, csms: Csms
) -> None:
    refused, its_station = await booted(tenant, csms)
    others = [await booted(tenant, csms) for _ in range(2)]
    await still_writes(refused, its_station)

    async with refusing_frames(gateway, refused):
        await refused.does("plugConnector")
        await its_station.call("ClearCache")
        for charger, station in others:
            await still_writes(charger, station)
            await charger.does("startSession", idTag="TAG-1")
            await station.status("Charging")
        await refused.evse_shows(EvseStatus.CHARGING)

    await still_writes(refused, its_station)
