"""Commands between the processes of the fleet, on PostgreSQL: each is told of what the other has put down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from errors import Conflict
from fleet.mailbox import ANSWER_S, Mailbox
from storage.models import FleetCommand, utc_now
from storage.session import ALL_TENANTS
from tests.support.chargers import eventually
from tests.support.factories import add_charger, writing
from tests.support.gateway import Tenant
from tests.support.one_database import POSTGRESQL

pytestmark = POSTGRESQL
NEVER_S = 3600.0


async def execute(charger_id: str, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if name == "refuse":
        raise Conflict("not now")
    return {"charger_id": charger_id, "name": name, **arguments}


@asynccontextmanager
async def mailbox(tenant: Tenant, node_id: str) -> AsyncIterator[Mailbox]:
    """One process's end, once it hears."""
    mailbox = Mailbox(tenant.gateway.services.database, node_id, execute)
    mailbox.start()
    try:
        await eventually(lambda: sessions(tenant, node_id), lambda count: count == 1)
        yield mailbox
    finally:
        await mailbox.stop()


async def test_a_command_and_its_answer_are_told(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet.mailbox.LOOK_S", NEVER_S)
    charger = await add_charger(tenant, node_id="theirs")

    async with mailbox(tenant, "ours") as ours, mailbox(tenant, "theirs"):
        answers = await asyncio.gather(*(ours.send(charger, "plug", {"number": number}) for number in range(20)))
        with pytest.raises(Conflict, match="not now"):
            await ours.send(charger, "refuse", {})

    assert answers == [{"charger_id": charger.id, "name": "plug", "number": number} for number in range(20)]
    async with tenant.gateway.services.database.read(tenant.organization_id) as session:
        assert await session.scalar(select(FleetCommand).where(FleetCommand.charger_id == charger.id)) is None


async def test_a_command_that_nobody_was_told_of_is_found(tenant: Tenant) -> None:
    charger = await add_charger(tenant, node_id="theirs")
    async with mailbox(tenant, "theirs"):
        async with writing(tenant) as session:
            session.add(command := FleetCommand(charger_id=charger.id, name="plug", arguments={}))

        answered = await eventually(lambda: row_of(tenant, command.id), lambda row: row.answer is not None)

    assert (answered.status, answered.answer) == ("DONE", {"charger_id": charger.id, "name": "plug"})


async def test_a_command_whose_sender_has_given_it_up_is_not_carried_out(tenant: Tenant) -> None:
    charger = await add_charger(tenant, node_id="theirs")
    async with writing(tenant) as session:
        given_up = FleetCommand(charger_id=charger.id, name="plug", arguments={}, created_at=seconds_ago(ANSWER_S + 1))
        waits = FleetCommand(charger_id=charger.id, name="plug", arguments={}, created_at=seconds_ago(ANSWER_S / 2))
        session.add_all([given_up, waits])

    async with mailbox(tenant, "theirs"):
        await eventually(lambda: row_of(tenant, waits.id), lambda row: row.answer is not None)

    assert (await row_of(tenant, given_up.id)).status == "SENT"


async def test_more_commands_than_are_taken_at_once_do_not_wait_for_the_next_look(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.mailbox.LOOK_S", NEVER_S)
    monkeypatch.setattr("storage.mailbox.AT_ONCE", 2)
    charger = await add_charger(tenant, node_id="theirs")
    async with writing(tenant) as session:
        commands = [FleetCommand(charger_id=charger.id, name="plug", arguments={}) for _ in range(9)]
        session.add_all(commands)

    async with mailbox(tenant, "theirs"):
        for command in commands:
            await eventually(partial(row_of, tenant, command.id), lambda row: row.answer is not None)


async def test_commands_are_told_again_after_the_session_was_lost(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.mailbox.LOOK_S", NEVER_S)
    monkeypatch.setattr("fleet.mailbox.LISTENS_S", 0.1)
    charger = await add_charger(tenant, node_id="theirs")

    async with mailbox(tenant, "ours") as ours, mailbox(tenant, "theirs"):
        await end_sessions(tenant, "theirs")
        await eventually(lambda: sessions(tenant, "theirs"), lambda count: count == 1)

        assert await ours.send(charger, "plug", {}) == {"charger_id": charger.id, "name": "plug"}


def seconds_ago(seconds: float) -> datetime:
    return utc_now() - timedelta(seconds=seconds)


async def row_of(tenant: Tenant, id: str) -> FleetCommand:
    async with tenant.gateway.services.database.read(tenant.organization_id) as session:
        return await session.get_one(FleetCommand, id)


async def sessions(tenant: Tenant, node_id: str) -> int:
    """How many sessions a node has to hear of commands."""
    return await count(tenant, "SELECT count(*) FROM pg_stat_activity", node_id)


async def end_sessions(tenant: Tenant, node_id: str) -> None:
    assert await count(tenant, "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity", node_id) == 1


async def count(tenant: Tenant, statement: str, node_id: str) -> int:
    named = text(f"{statement} WHERE application_name = :name")
    async with tenant.gateway.services.database.read(ALL_TENANTS) as session:
        found: int = (await session.execute(named, {"name": f"chargeyard-mail {node_id}"})).scalar_one()
        return found
