"""The credentials of OCPI peers: found by their tokens, changed only while nobody else changed them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Cpo, Credentials, utc_now

REGISTRATION = "A"
PEER = "PEER"


async def by_token(session: AsyncSession, tokens: Sequence[str]) -> tuple[Credentials, Cpo] | None:
    """The live credentials with one of these tokens, and their network; a used Token A is not live."""
    live = or_(Credentials.kind == PEER, Credentials.used_at.is_(None))
    statement = (
        select(Credentials, Cpo).join(Cpo, Cpo.id == Credentials.network_id).where(Credentials.token.in_(tokens), live)
    )
    row = (await session.execute(statement)).first()
    return (row[0], row[1]) if row else None


async def use_up(session: AsyncSession, registration: Credentials) -> bool:
    """Ends a Token A; false when another registration used it first, or it was renewed."""
    statement = (
        update(Credentials)
        .where(
            Credentials.id == registration.id,
            Credentials.token == registration.token,
            Credentials.used_at.is_(None),
        )
        .values(used_at=utc_now())
    )
    return await _changed_one(session, statement)


async def renew(session: AsyncSession, network_id: int, token: str) -> bool:
    """Replaces a network's Token A, used or not; false when the network is gone."""
    statement = (
        update(Credentials)
        .where(Credentials.network_id == network_id, Credentials.kind == REGISTRATION)
        .values(token=token, used_at=None)
    )
    return await _changed_one(session, statement)


async def exchange(session: AsyncSession, peer: Credentials, **values: object) -> bool:
    """Replaces what a peer was given and gave; false when its token is no longer the one read."""
    statement = update(Credentials).where(Credentials.id == peer.id, Credentials.token == peer.token).values(values)
    return await _changed_one(session, statement)


async def remove(session: AsyncSession, peer: Credentials) -> bool:
    """Forgets a peer; false when its token is no longer the one read."""
    return await _changed_one(
        session, delete(Credentials).where(Credentials.id == peer.id, Credentials.token == peer.token)
    )


async def _changed_one(session: AsyncSession, statement: object) -> bool:
    result: CursorResult[object] = await session.execute(statement)  # type: ignore[call-overload]  # any DML
    return result.rowcount == 1
