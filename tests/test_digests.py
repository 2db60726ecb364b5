"""What makes two requests under one idempotency key the same one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field
from strawberry import Maybe

from resolvers.inputs import (
    BulkCreateOcpiLocationsInput,
    BulkOcpiLocationInput,
    CreateCpoInput,
    CreateOcpiLocationInput,
    NetworkConditionsInput,
)
from resolvers.work import digest_of

NETWORK = {"template": "mixed-depot", "country_code": "FR", "party_id": "ABC", "name_prefix": "n-"}
SITE = {
    "name": "Depot", "address": "1 Street", "city": "Lyon", "country": "FR",
    "coordinates": {"latitude": 45.76, "longitude": 4.83},
}  # fmt: skip


class LaterConditions(NetworkConditionsInput):
    burst_ms: int = 0


class LaterCpoInput(CreateCpoInput):
    colour: str | None = None
    grid: Maybe[str | None] = Field(None)
    network: LaterConditions | None = None


class LaterSiteInput(CreateOcpiLocationInput):
    colour: str | None = None


class LaterBulkSiteInput(BulkOcpiLocationInput):
    location: Maybe[LaterSiteInput] = Field(None)  # type: ignore[assignment]  # Some is invariant


def cpo_digest(**changes: Any) -> str:
    return digest_of("create", CreateCpoInput.model_validate({**NETWORK, **changes}))


def test_a_request_stays_the_same_when_a_later_release_knows_more_optional_fields() -> None:
    network = {**NETWORK, "network": {"latency_ms": 5}}
    site = {"location": SITE}

    before = [CreateCpoInput.model_validate(network), BulkOcpiLocationInput.model_validate(site)]
    after = [LaterCpoInput.model_validate(network), LaterBulkSiteInput.model_validate(site)]

    assert [digest_of("create", input) for input in after] == [digest_of("create", input) for input in before]


def test_what_is_given_as_it_is_by_default_counts_as_left_out() -> None:
    assert cpo_digest(seed=None, network={"loss": 0}) == cpo_digest(network={})


@pytest.mark.parametrize(
    "changes",
    [{"ttl_seconds": None}, {"ttl_seconds": 3600}, {"seed": 0}, {"network": {}}, {"overrides": {"locations": 1}}],
)
def test_what_is_given_otherwise_makes_another_request(changes: dict[str, Any]) -> None:
    assert cpo_digest(**changes) != cpo_digest()


def test_the_key_itself_is_no_part_of_the_request() -> None:
    bulk = {"cpo_id": "1", "locations": [{"location": SITE}]}

    first, second = (BulkCreateOcpiLocationsInput.model_validate({**bulk, "idempotency_key": key}) for key in "ab")

    assert digest_of("create", first) == digest_of("create", second)
