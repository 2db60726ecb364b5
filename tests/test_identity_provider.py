"""Tokens of an identity provider: whose keys are fetched, kept, and used while it is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import Gateway, running_gateway
from tests.support.provider import Provider, identity_provider

IN_AN_HOUR, AN_HOUR_AGO = time.time() + 3600, time.time() - 3600


NOBODY = "http://127.0.0.1:9/keys"  # listens there


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with identity_provider() as provider:
        yield provider


@pytest.fixture
async def trusting(provider: Provider, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that has the provider's keys."""
    url = f"sqlite:///{tmp_path / 'tokens.db'}"
    async with running_gateway(url, tmp_path, jwt_secret="", jwks_url=provider.url) as gateway:
        assert await answer(gateway, provider.token()) == 200
        yield gateway


@pytest.fixture
def keys_go_stale_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.auth.JWKS_FRESH_S", 0)
    monkeypatch.setattr("resolvers.auth.JWKS_COOLDOWN_S", 0)


async def answer(gateway: Gateway, token: str, path: str = "/ocpp/locations") -> int:
    """The status of a call with this token."""
    headers = {"Authorization": f"Bearer {token}"}
    async with gateway.http.get(gateway.url + path, headers=headers) as response:
        return response.status


async def test_a_key_is_fetched_once_for_all_its_tokens(trusting: Gateway, provider: Provider) -> None:
    assert [await answer(trusting, provider.token()) for _ in range(3)] == [200] * 3
    assert provider.asked == 1


async def test_only_what_needs_a_token_waits_for_the_keys(provider: Provider, tmp_path: Path) -> None:
    async with running_gateway(
        f"sqlite:///{tmp_path / 'tokens.db'}", tmp_path, jwt_secret="", jwks_url=NOBODY
    ) as alone:
        statuses = [await answer(alone, provider.token(), path) for path in ("/health", "/ocpp/locations")]

    assert statuses == [200, 503]


async def test_a_token_of_another_provider_is_refused(trusting: Gateway) -> None:
    assert await answer(trusting, Provider().token()) == 401


@pytest.mark.usefixtures("keys_go_stale_at_once")
async def test_a_new_key_is_fetched_and_the_old_one_no_longer_trusted(trusting: Gateway, provider: Provider) -> None:
    old = provider.token()
    provider.rotate()

    assert await answer(trusting, provider.token()) == 200
    assert await answer(trusting, old) == 401


@pytest.mark.usefixtures("keys_go_stale_at_once")
async def test_a_provider_that_does_not_answer_holds_up_nobody_whose_key_is_known(
    trusting: Gateway, provider: Provider
) -> None:
    provider.speaks.clear()

    statuses = await asyncio.gather(*(answer(trusting, provider.token()) for _ in range(5)))

    assert statuses == [200] * 5
    assert provider.waiting == 1  # it still has not answered


@pytest.mark.usefixtures("keys_go_stale_at_once")
async def test_a_document_without_keys_takes_none_away(trusting: Gateway, provider: Provider) -> None:
    documents: list[Any] = [[], None, "keys", {}, {"keys": 5}, {"keys": [5, {}]}]
    for asked, document in enumerate(documents, 2):
        provider.document = document

        assert await answer(trusting, Provider().token()) == 401, document
        assert await answer(trusting, provider.token()) == 200, document
        assert provider.asked >= asked


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"iat": IN_AN_HOUR}, "The token is not valid yet; is a clock wrong?"),
        ({"nbf": IN_AN_HOUR}, "The token is not valid yet; is a clock wrong?"),
        ({"exp": AN_HOUR_AGO}, "The token has expired."),
        ({"sub": None}, "The token lacks the claim sub."),
        ({"exp": None}, "The token lacks the claim exp."),
    ],
)
async def test_a_refused_token_says_what_is_wrong_with_its_claims(
    trusting: Gateway, provider: Provider, claims: dict[str, Any], told: str
) -> None:
    headers = {"Authorization": f"Bearer {provider.token(**claims)}"}
    async with trusting.http.get(f"{trusting.url}/ocpp/locations", headers=headers) as response:
        body = await response.json()

    assert (response.status, body) == (401, {"detail": told})


async def test_a_token_that_does_not_say_when_it_expires_is_refused(trusting: Gateway, provider: Provider) -> None:
    for exp in ("4102444800", [4102444800], 1e300):
        assert await answer(trusting, provider.token(exp=exp)) == 401, exp
