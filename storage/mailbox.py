"""Commands between the processes of the fleet; sessions for all tenants only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Charger, FleetCommand, FleetCommandStatus, utc_now

AT_ONCE = 500
KEPT = timedelta(minutes=1)  # its sender has given a command up long before


async def send(session: AsyncSession, commands: Sequence[FleetCommand]) -> None:
    """Posts the commands to chargers that are still there, and has them stay until the commit."""
    ids = {command.charger_id for command in commands}
    if not ids:
        return
    there = select(Charger.id).where(Charger.id.in_(ids)).with_for_update(read=True, key_share=True)
    found = set(await session.scalars(there))
    session.add_all([command for command in commands if command.charger_id in found])


async def take(session: AsyncSession, node_id: str) -> list[FleetCommand]:
    """The commands to a node's chargers that nobody has taken yet, oldest first."""
    mine = (
        select(FleetCommand.id)
        .join(Charger, Charger.id == FleetCommand.charger_id)
        .where(FleetCommand.status == FleetCommandStatus.SENT, Charger.node_id == node_id)
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
    """Writes the answers of commands that were taken."""
    for command in commands:
        await session.execute(
            update(FleetCommand)
            .where(FleetCommand.id == command.id)
            .values(status=command.status, answer=command.answer)
            .execution_options(synchronize_session=False)
        )


async def sweep(session: AsyncSession) -> None:
    """Forgets the commands whose senders have given up."""
    await session.execute(
        delete(FleetCommand)
        .where(FleetCommand.created_at < utc_now() - KEPT)
        .execution_options(synchronize_session=False)
    )
