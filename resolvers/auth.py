"""Bearer tokens: from the text of an `Authorization` header to the principal it stands for."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import aiohttp
import jwt

from errors import Forbidden, Unauthenticated, Unavailable

log = logging.getLogger("chargeyard.auth")

JWKS_ALGORITHMS = ["RS256", "ES256", "EdDSA"]
JWKS_TIMEOUT_S = 5
JWKS_FRESH_S = 300
JWKS_COOLDOWN_S = 10  # a flood of tokens with unknown key ids fetches no more often than this
CLOCK_SKEW_S = 10
TRUSTED_S = 60  # verifying a token takes longer than many reads, so one that was verified is trusted for a while
KEPT_TOKENS = 1_000


class Role(StrEnum):
    """`user` works within one organization; `admin` names the organization with each call."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True)
class Principal:
    """Who calls, and for which organization. Only an admin can be without one."""

    subject: str
    role: Role
    organization_id: str | None
    expires_at: datetime

    def scoped(self, organization_id: str | None) -> Principal:
        """The principal of a call with this `X-Organization-Id`. Raises Forbidden to a user that sends one."""
        if organization_id is None:
            return self
        if self.role is not Role.ADMIN:
            raise Forbidden("A user token is bound to its organization; leave X-Organization-Id out.")
        return Principal(self.subject, self.role, _organization(organization_id, Forbidden), self.expires_at)


class Keys(Protocol):
    """Where verification keys come from."""

    async def key_for(self, token: str) -> tuple[Any, list[str]]:
        """The key of a token and the algorithms it may have been signed with."""
        ...


class SecretKeys:
    """One shared secret, HS256."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def key_for(self, token: str) -> tuple[Any, list[str]]:
        return self._secret, ["HS256"]


class JwksKeys:
    """Public keys of an identity provider, fetched without blocking the loop.

    A key that is known is used at once, and looked after in the background once it is stale: a provider that is down
    holds up only tokens with keys that nobody has seen.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at = 0.0
        self._tried_at = 0.0
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def key_for(self, token: str) -> tuple[Any, list[str]]:
        kid = jwt.get_unverified_header(token).get("kid")
        if kid not in self._keys:
            await self._refresh()
        elif time.monotonic() - self._fetched_at > JWKS_FRESH_S and (not self._refreshing or self._refreshing.done()):
            self._refreshing = asyncio.create_task(self._refresh(), name="jwks")
        if kid not in self._keys:
            if not self._keys:
                raise Unavailable("The identity provider's keys could not be fetched; try again.")
            raise Unauthenticated("The token is signed with an unknown key.")
        return self._keys[kid], JWKS_ALGORITHMS

    async def _refresh(self) -> None:
        async with self._lock:
            if self._tried_at and time.monotonic() - self._tried_at < JWKS_COOLDOWN_S:
                return
            self._tried_at = time.monotonic()
            try:
                self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(await self._fetch()).keys}
                self._fetched_at = time.monotonic()
            except (aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError) as exc:
                log.warning("could not fetch the keys of %s: %s", self._url, exc)

    async def _fetch(self) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=JWKS_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(self._url) as response:
            response.raise_for_status()
            document = await response.json(content_type=None)
        if not isinstance(document, dict):
            raise jwt.PyJWKSetError("the document is no JSON object")
        return document


class Authenticator:
    """Verifies tokens; the same for HTTP headers and for a WebSocket's `connection_init`."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._verified: dict[str, tuple[Principal, float]] = {}

    async def principal(self, authorization: str | None) -> Principal:
        """The principal of a header `Bearer <jwt>`. Raises Unauthenticated with the reason."""
        known = self._verified.get(authorization or "")
        if known is not None and time.time() < known[1]:
            return known[0]
        principal = await self._verify(authorization)
        if len(self._verified) >= KEPT_TOKENS:
            self._verified.clear()
        until = min(time.time() + TRUSTED_S, principal.expires_at.timestamp() + CLOCK_SKEW_S)
        self._verified[authorization or ""] = principal, until
        return principal

    async def _verify(self, authorization: str | None) -> Principal:
        if not authorization:
            raise Unauthenticated("A bearer token is required.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("The Authorization header must read: Bearer <token>.")
        return _principal(await self._claims(token.strip()))

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            key, algorithms = await self._keys.key_for(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                leeway=CLOCK_SKEW_S,
                options={"require": ["exp", "sub"], "verify_aud": False},
            )
        except jwt.ExpiredSignatureError as exc:
            raise Unauthenticated("The token has expired.") from exc
        except jwt.ImmatureSignatureError as exc:  # its nbf or iat lies ahead
            raise Unauthenticated("The token is not valid yet; is a clock wrong?") from exc
        except jwt.MissingRequiredClaimError as exc:
            raise Unauthenticated(f"The token lacks the claim {exc.claim}.") from exc
        except (jwt.PyJWTError, ValueError, TypeError) as exc:
            raise Unauthenticated("The token is not valid.") from exc
        return claims


def make_token(secret: str, *, subject: str, role: Role, organization_id: str | None, lifetime_s: int) -> str:
    """An HS256 token that this gateway accepts."""
    claims = {"sub": subject, "role": role.value, "exp": int(time.time()) + lifetime_s}
    if organization_id is not None:
        claims["organization_id"] = organization_id
    return jwt.encode(claims, secret, algorithm="HS256")


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        role = Role(str(claims.get("role")))
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, TypeError, OverflowError, OSError) as exc:
        raise Unauthenticated("The token's role must be user or admin, and its exp an instant.") from exc
    organization_id = None
    if role is Role.USER:
        organization_id = _organization(claims.get("organization_id"), Unauthenticated)
    return Principal(claims["sub"], role, organization_id, expires_at)


def _organization(text: Any, error: type[Unauthenticated | Forbidden]) -> str:
    try:
        return str(UUID(text))
    except (ValueError, TypeError, AttributeError) as exc:
        raise error("The organization id must be a UUID.") from exc
