"""Commands between the processes of the fleet; sessions for all tenants only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import DateTime, Table, bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Charger, FleetCommand, FleetCommandStatus, utc_now

CHANNEL = "chargeyard_fleet"  # a node's id tells of commands to it there, a command's id of its answer
AT_ONCE = 500
KEPT = timedelta(minutes=1)  # its sender has given a command up long before

_commands: Table = FleetCommand.__table__  # type: ignore[assignment]  # declared as FromClause
_SET_ANSWER = (
    update(_commands)
    .where(_commands.c.id == bindparam("command_id"))
    .values(status=bindparam("status"), answer=bindparam("answer"))
)
_NOW = func.clock_timestamp(type_=DateTime(timezone=True))
_NOTIFY = text("SELECT pg_notify(:channel, name) FROM unnest(CAST(:names AS text[])) AS name")


async def send(session: AsyncSession, commands: Sequence[FleetCommand]) -> None:
    """Posts the commands to chargers that are still there, and has them stay until the commit; tells their nodes.

    They are dated by the database's clock, which says when it is too late to take them.
    """
    ids = {command.charger_id for command in commands}
    if not ids:
        return
    there = select(Charger.id, Charger.node_id).where(Charger.id.in_(ids)).with_for_update(read=True, key_share=True)
    nodes = {row.id: row.node_id for row in await session.execute(there)}
    sent_at = (await session.execute(select(_NOW))).scalar_one()
    for command in commands:
        if command.charger_id in nodes:
            command.created_at = sent_at
            session.add(command)
    await _tell(session, {node_id for node_id in nodes.values() if node_id is not None})


async def take(session: AsyncSession, node_id: str, *, within: timedelta) -> list[FleetCommand]:
    """The commands to a node's chargers that nobody has taken yet, oldest first; none that was sent longer ago."""
    mine = (
        select(FleetCommand.id)
        .join(Charger, Charger.id == FleetCommand.charger_id)
        .where(FleetCommand.status == FleetCommandStatus.SENT, FleetCommand.created_at > _NOW - within)
        .where(Charger.node_id == node_id)
        .order_by(FleetCommand.created_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=FleetCommand)
    )
    taken = await session.scalars(
        update(FleetCommand)
        .where(FleetCommand.id.in_(mine))
        .values(status=FleetCommandStatus.TAKEN)
        .returning(FleetCommand)
        .execution_options(synchronize_session=False)
    )
    return sorted(taken, key=lambda command: command.created_at)


async def answered(session: AsyncSession, ids: Collection[str]) -> Sequence[FleetCommand]:
    """Those of the commands that have their answer; they are taken out."""
    if not ids:
        return []
    done = (FleetCommandStatus.DONE, FleetCommandStatus.REFUSED)
    found = await session.scalars(
        delete(FleetCommand)
        .where(FleetCommand.id.in_(ids), FleetCommand.status.in_(done))
        .returning(FleetCommand)
        .execution_options(synchronize_session=False)
    )
    return found.all()


async def put_answers(session: AsyncSession, commands: Sequence[FleetCommand]) -> None:
    """Writes the answers of commands that were taken, and tells their senders."""
    answers = [{"command_id": each.id, "status": each.status, "answer": each.answer} for each in commands]
    await (await session.connection()).execute(_SET_ANSWER, answers)
    await _tell(session, [command.id for command in commands])


async def _tell(session: AsyncSession, names: Collection[str]) -> None:
    """Notifies those who listen for these names, when the session commits."""
    if names:
        await session.execute(_NOTIFY, {"channel": CHANNEL, "names": list(names)})


async def sweep(session: AsyncSession) -> None:
    """Forgets the commands whose senders have given up."""
    await session.execute(
        delete(FleetCommand)
        .where(FleetCommand.created_at < utc_now() - KEPT)
        .execution_options(synchronize_session=False)
    )
