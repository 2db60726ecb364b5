"""OCPI credentials: who a token stands for, and the exchange of tokens (OCPI 2.2.1 §7)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from errors import Unauthenticated
from resolvers.auth import Principal, Role
from resolvers.context import Context, Services
from storage import credentials as store
from storage.models import Cpo, Credentials
from storage.session import ALL_TENANTS

NEVER = datetime.max.replace(tzinfo=UTC)  # credentials end by a request, not by time


@dataclass(frozen=True)
class Peer:
    """The holder of a token: its credentials, and the network that gave them."""

    credentials: Credentials
    cpo: Cpo

    @property
    def is_registered(self) -> bool:
        """Whether the token is a peer's own (C); Token A has not been exchanged yet."""
        return self.credentials.kind == store.PEER


@dataclass(frozen=True)
class Registration:
    """What a peer tells about itself: its token (B), its versions URL and its roles."""

    token: str
    url: str
    roles: list[dict[str, Any]]


async def authenticate(services: Services, tokens: Sequence[str]) -> Peer:
    """The peer with one of these tokens. Raises Unauthenticated.

    The one OCPI read across tenants: the token is what tells the tenant.
    """
    async with services.database.read(ALL_TENANTS) as session:
        found = await store.by_token(session, tokens)
    if found is None:
        raise Unauthenticated("The credentials token is not valid.")
    return Peer(*found)


def context_of(services: Services, peer: Peer) -> Context:
    """The context of a peer's call: bound to the organization of its network."""
    subject = f"ocpi:{peer.credentials.id}"
    return Context(services, Principal(subject, Role.USER, peer.cpo.organization_id, NEVER))


def issue_token(kind: str) -> str:
    """A token with 256 random bits; `kind` (a, c) only helps the people who read it."""
    return f"{kind}_{secrets.token_urlsafe(32)}"


async def register_peer(ctx: Context, peer: Peer, registration: Registration) -> Credentials:
    """Exchanges Token A for a token of the peer's own. Raises Unauthenticated where A was used meanwhile."""
    async with ctx.write() as session:
        if not await store.use_up(session, peer.credentials):
            raise Unauthenticated("The registration token has been used.")
        registered = Credentials(
            network_id=peer.cpo.id,
            kind=store.PEER,
            token=issue_token("c"),
            ocpi_version=peer.cpo.ocpi_version,
            **_told(registration),
        )
        session.add(registered)
    return registered


async def rotate_credentials(ctx: Context, peer: Peer, registration: Registration) -> str:
    """Gives a registered peer a new token and keeps its own new one; the old token is dead at once."""
    token = issue_token("c")
    async with ctx.write() as session:
        if not await store.exchange(session, peer.credentials, token=token, **_told(registration)):
            raise Unauthenticated("The credentials token has been replaced.")
    return token


async def unregister_peer(ctx: Context, peer: Peer) -> None:
    """Forgets a peer and its tokens."""
    async with ctx.write() as session:
        if not await store.remove(session, peer.credentials):
            raise Unauthenticated("The credentials token has been replaced.")


def _told(registration: Registration) -> dict[str, Any]:
    return {
        "peer_token": registration.token,
        "peer_url": registration.url,
        "peer_roles": {"roles": registration.roles},
    }
