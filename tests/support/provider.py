"""A fake identity provider on a real socket: its keys, and the tokens that it signs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm


class Provider:
    """Publishes one key. `document` replaces what it answers; it answers while it `speaks`."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._kid = uuid4().hex
        self.url = ""
        self.document: Any = {"keys": [self._public()]}
        self.speaks = asyncio.Event()
        self.speaks.set()
        self.asked = 0
        self.waiting = 0

    def rotate(self) -> None:
        """Replaces its key by another one."""
        self._key, self._kid = Ed25519PrivateKey.generate(), uuid4().hex
        self.document = {"keys": [self._public()]}

    def token(self, **claims: Any) -> str:
        """A new token of an organization of its own."""
        about = {"sub": uuid4().hex, "role": "user", "organization_id": str(uuid4()), "exp": int(time.time()) + 60}
        return jwt.encode(about | claims, self._key, algorithm="EdDSA", headers={"kid": self._kid})

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        self.waiting += 1
        try:
            await self.speaks.wait()
            return web.json_response(self.document)
        finally:
            self.waiting -= 1

    def _public(self) -> dict[str, Any]:
        key: dict[str, Any] = json.loads(OKPAlgorithm.to_jwk(self._key.public_key()))
        return {**key, "kid": self._kid, "use": "sig", "alg": "EdDSA"}


@asynccontextmanager
async def identity_provider() -> AsyncIterator[Provider]:
    """A provider that listens."""
    provider = Provider()
    app = web.Application()
    app.router.add_get("/jwks", provider.answer)
    async with TestServer(app) as server:
        provider.url = str(server.make_url("/jwks"))
        try:
            yield provider
        finally:
            provider.speaks.set()
