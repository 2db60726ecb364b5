"""The rows that the fleet reads and writes; its sessions see every tenant, because a process runs chargers of all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, delete, func, insert, null, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from errors import Unavailable
from storage.batches import batches
from storage.models import (
    ChargePoint,
    ChargePointConnector,
    Charger,
    ConnectorEvent,
    Evse,
    FleetNode,
    OcppMessage,
    RuntimeStatus,
    utc_now,
)

chargers: Table = Charger.__table__  # type: ignore[assignment]  # declared as FromClause
charge_points: Table = ChargePoint.__table__  # type: ignore[assignment]
connectors: Table = ChargePointConnector.__table__  # type: ignore[assignment]
evses: Table = Evse.__table__  # type: ignore[assignment]
nodes: Table = FleetNode.__table__  # type: ignore[assignment]
messages: Table = OcppMessage.__table__  # type: ignore[assignment]
events: Table = ConnectorEvent.__table__  # type: ignore[assignment]

# by PostgreSQL's class (data, integrity, limits) or SQLite's name
_FAULTS_OF_ROWS = ("22", "23", "54", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG")

# Core statements on purpose: the ORM's would touch `updated_at`, which tells of changes that clients made.
_SET_CHARGER = (
    update(chargers)
    .where(chargers.c.id == bindparam("charger_id"))
    .values(
        runtime_status=bindparam("runtime_status"),
        connected=bindparam("connected"),
        last_seen_at=bindparam("last_seen_at"),
        updated_at=chargers.c.updated_at,
    )
)
_SET_SEEN = (
    update(chargers)
    .where(chargers.c.id == bindparam("charger_id"))
    .values(last_seen_at=bindparam("last_seen_at"), updated_at=chargers.c.updated_at)
)
_SET_CHARGE_POINT = (
    update(charge_points)
    .where(charge_points.c.id == bindparam("charge_point_id"))
    .values(
        configuration=bindparam("configuration"),
        registration_status=bindparam("registration_status"),
        updated_at=charge_points.c.updated_at,
    )
)
_SET_CONNECTOR = (
    update(connectors)
    .where(
        connectors.c.charge_point_id == bindparam("charge_point"), connectors.c.connector_number == bindparam("number")
    )
    .values(ocpp_status=bindparam("ocpp_status"), error_code=bindparam("error_code"), meter_wh=bindparam("meter_wh"))
)
_SET_EVSE = (
    update(evses)
    .where(evses.c.charger_id == bindparam("charger"), evses.c.connector_number == bindparam("number"))
    .values(status=bindparam("status"), last_updated=bindparam("last_updated"))
)


@dataclass(frozen=True)
class Choice:
    """Which chargers a process runs: those of a provider, and of these only those with an id in `only`, if any."""

    provider: str
    only: tuple[str, ...] = ()

    @property
    def condition(self) -> ColumnElement[bool]:
        of_provider = chargers.c.provider == self.provider
        return and_(of_provider, chargers.c.id.in_(self.only)) if self.only else of_provider


LOCAL = Choice("local")


class Standing(NamedTuple):
    """The fleet at an instant of the database's clock, which processes on several machines share.

    So many nodes live that run chargers of a choice, and so many chargers of it should run.
    """

    now: datetime
    nodes: int
    wanted: int


@dataclass
class Batch:
    """What changed in a fraction of a second, as parameters of one statement per table."""

    chargers: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    charge_points: list[dict[str, Any]] = field(default_factory=list)
    connectors: list[dict[str, Any]] = field(default_factory=list)
    evses: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)


async def write(session: AsyncSession, batch: Batch) -> None:
    """Writes a batch, one statement for each table."""
    statements = (
        (_SET_CHARGER, batch.chargers),
        (_SET_SEEN, batch.seen),
        (_SET_CHARGE_POINT, batch.charge_points),
        (_SET_CONNECTOR, batch.connectors),
        (_SET_EVSE, batch.evses),
        (insert(messages), batch.messages),
        (insert(events), batch.events),
    )
    connection = await session.connection()
    for statement, parameters in statements:
        if parameters:
            await connection.execute(statement, parameters)


def may_pass(exc: Exception) -> bool:
    """Whether the database may take later what it did not take now: an outage passes, a fault of the rows does not."""
    if not isinstance(exc, DBAPIError):
        return isinstance(exc, Unavailable)
    code = getattr(exc.orig, "sqlstate", None) or getattr(exc.orig, "sqlite_errorname", None) or ""
    return not code.startswith(_FAULTS_OF_ROWS)


async def lock(session: AsyncSession, node_id: str, ids: Collection[str]) -> set[str]:
    """Those of the chargers that are the node's and that no other transaction holds; they are held until the commit.

    A process that was taken for dead finds that its chargers are another's, and writes nothing of them. Skipping what
    is held, the station as well as the charger, keeps this writer out of every deadlock with a transaction that
    deletes many chargers: that one takes the stations first.
    """
    both = chargers.join(charge_points, charge_points.c.id == chargers.c.charge_point_id)
    own = select(chargers.c.id).select_from(both).where(chargers.c.node_id == node_id).order_by(chargers.c.id)
    free = own.with_for_update(key_share=True, skip_locked=True)
    return {id for some in batches(ids) for id in await session.scalars(free.where(chargers.c.id.in_(some)))}


async def existing(session: AsyncSession, node_id: str, ids: Collection[str]) -> set[str]:
    """Those of the chargers that are the node's."""
    own = select(chargers.c.id).where(chargers.c.node_id == node_id)
    return {id for some in batches(ids) for id in await session.scalars(own.where(chargers.c.id.in_(some)))}


async def load(session: AsyncSession, ids: Collection[str]) -> Sequence[Charger]:
    """Chargers with their charge points, connectors and EVSEs."""
    # charger and station in one statement: between two, others may delete them
    station = joinedload(Charger.charge_point, innerjoin=True)
    statement = (
        select(Charger)
        .where(Charger.id.in_(ids))
        .options(station.selectinload(ChargePoint.connectors), selectinload(Charger.evses))
    )
    return (await session.execute(statement)).scalars().all()


async def renew(session: AsyncSession, node_id: str, choice: Choice, lease: timedelta) -> Standing:
    """Says that a node is alive, buries the dead, and tells how the fleet stands."""
    seen_at = utc_now() if session.get_bind().dialect.name == "sqlite" else func.clock_timestamp()
    renewed = update(nodes).where(nodes.c.id == node_id).values(seen_at=seen_at).returning(nodes.c.seen_at)
    joined = insert(nodes).values(id=node_id, provider=choice.provider, started_at=seen_at, seen_at=seen_at)
    now = await session.scalar(renewed) or await session.scalar(joined.returning(nodes.c.seen_at))
    assert now is not None  # one of both gives a row
    await session.execute(delete(nodes).where(nodes.c.seen_at < now - lease))
    living = select(func.count()).where(nodes.c.provider == choice.provider).scalar_subquery()
    counted = (await session.execute(select(living, _wanted(choice).scalar_subquery()))).one()
    return Standing(now, 1 if choice.only else counted[0], counted[1])


async def bury_others(session: AsyncSession, node_id: str) -> None:
    """Forgets every other node: on SQLite there is only one process."""
    await session.execute(delete(FleetNode).where(FleetNode.id != node_id))


async def leave(session: AsyncSession, node_id: str) -> None:
    """Takes a node out; its chargers are free for the others."""
    await release(session, node_id)
    await session.execute(delete(FleetNode).where(FleetNode.id == node_id))


async def owned(session: AsyncSession, node_id: str) -> dict[str, datetime]:
    """The chargers that a node runs, with the instants of their last change."""
    rows = await session.execute(
        select(chargers.c.id, chargers.c.updated_at).where(chargers.c.node_id == node_id, chargers.c.desired_running)
    )
    return {row.id: row.updated_at for row in rows}


def _wanted(choice: Choice) -> Select[int]:
    """How many chargers should run."""
    return select(func.count()).where(chargers.c.desired_running, choice.condition)


async def claim(
    session: AsyncSession, node_id: str, choice: Choice, limit: int, ids: Collection[str] | None = None
) -> list[str]:
    """Takes chargers that should run and that no living node runs; of `ids` only, where given."""
    living = select(FleetNode.id)
    free = select(chargers.c.id).where(
        chargers.c.desired_running,
        choice.condition,
        or_(chargers.c.node_id.is_(None), chargers.c.node_id.not_in(living)),
    )
    if ids is not None:
        free = free.where(chargers.c.id.in_(ids))
    free = free.order_by(chargers.c.id).limit(limit).with_for_update(skip_locked=True, of=chargers)
    claimed = await session.execute(
        update(chargers)
        .where(chargers.c.id.in_(free))
        .values(
            node_id=node_id, runtime_status=RuntimeStatus.STARTING, connected=False, updated_at=chargers.c.updated_at
        )
        .returning(chargers.c.id)
    )
    return list(claimed.scalars())


async def release(session: AsyncSession, node_id: str, ids: Collection[str] | None = None) -> None:
    """Gives a node's chargers up, all or those named."""
    statement = update(chargers).where(chargers.c.node_id == node_id)
    if ids is not None:
        statement = statement.where(chargers.c.id.in_(ids))
    await session.execute(statement.values(node_id=null(), updated_at=chargers.c.updated_at))


async def prune(session: AsyncSession, before: datetime, limit: int) -> int:
    """Deletes at most `limit` frames and as many status events that are older; gives how many."""
    deleted = 0
    for column in (OcppMessage.id, ConnectorEvent.id):
        deleted += await _prune(session, column, before, limit)
    return deleted


async def oldest_kept(session: AsyncSession, keep: int) -> datetime | None:
    """The instant of the frame behind the newest `keep`; None when there are not so many."""
    statement = select(messages.c.timestamp).order_by(messages.c.timestamp.desc()).offset(keep).limit(1)
    return (await session.execute(statement)).scalar_one_or_none()


async def _prune(session: AsyncSession, column: InstrumentedAttribute[str], before: datetime, limit: int) -> int:
    table = column.table
    old = select(table.c.id).where(table.c.timestamp < before).order_by(table.c.timestamp).limit(limit)
    result = await session.execute(delete(table).where(table.c.id.in_(old)))
    count: int = result.rowcount  # type: ignore[attr-defined]
    return count
