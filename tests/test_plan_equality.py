"""Whatever a query asks, a compiled read answers it as the ordinary executor does, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from graphql import get_named_type, is_leaf_type, parse, validate
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from resolvers.auth import Principal
from resolvers.context import Context
from schema.planner import Planned
from schema.reads import COMPUTED
from tests.support.compiled import SCHEMA, compiled
from tests.support.executor import execute
from tests.support.gateway import Gateway
from tests.support.queries import Pool, Query, queries
from tests.support.yard import LISTS, SITES, START, Yard, build_yard

PARIS = ZoneInfo("Europe/Paris")
EXAMPLES = 120  # on each database
QUERY: Any = SCHEMA._schema.query_type
UNSTORED = {*COMPUTED, ("Job", "workflowRunId")}  # its column may be null, the field may not
WRAPPERS = {"nodes", "edges", "node", "pageInfo"}


@pytest.fixture(scope="session")
async def yard(gateway: Gateway) -> Yard:
    return await build_yard(gateway.tenant(), gateway.tenant())


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the gateway does, beside the test
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_a_compiled_read_answers_as_the_ordinary_executor(yard: Yard, data: Any) -> None:
    query: Query = data.draw(queries(SCHEMA._schema, _pool(yard)))
    assume(not validate(SCHEMA._schema, parse(query.text)))

    expected = await SCHEMA.execute(query.text, variable_values=query.variables, context_value=_context(yard))
    answer = await compiled(yard.tenant, query.text, **query.variables)

    if expected.errors:
        assert {(error.extensions or {})["code"] for error in expected.errors} == {"BAD_USER_INPUT"}
        assert answer is None or answer.rest is not None
    elif answer is not None:
        _assert_equal(answer, expected.data or {})


@pytest.mark.parametrize("name", [name for name in QUERY.fields if ("Query", name) not in COMPUTED])
async def test_all_that_is_stored_is_compiled(yard: Yard, name: str) -> None:
    field = QUERY.fields[name]
    argument = next((f'({each}: "{yard.ids[name][0]}")' for each in field.args if each in {"id", "slug"}), "")
    text = f"{{ {name}{argument} {_everything(get_named_type(field.type), 2)} }}"

    answer = await compiled(yard.tenant, text)

    assert answer is not None
    assert answer.rest is None
    _assert_equal(answer, await execute(yard.tenant, text))


def _everything(kind: Any, levels: int) -> str:
    """A selection of all that is stored, so many levels of rows deep."""
    return "{ __typename " + " ".join(_stored(kind, levels)) + " }"


def _stored(kind: Any, levels: int) -> Iterator[str]:
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if (kind.name, name) in UNSTORED:
            continue
        if is_leaf_type(inner):
            yield name
        elif levels or name in WRAPPERS:
            yield f"{name} {_everything(inner, levels - (name not in WRAPPERS))}"


def _assert_equal(answer: Planned, expected: dict[str, Any]) -> None:
    """The compiled fields, byte for byte but for how JSON may write a value."""
    assert list(answer.fields) == list(expected)
    for key, value in answer.fields.items():
        if value is not None:
            assert _parsed(orjson.dumps(value)) == _parsed(orjson.dumps(expected[key]))


def _parsed(text: bytes) -> Any:
    """A JSON text as a value in which the order of members counts."""
    return json.loads(text, object_pairs_hook=lambda pairs: pairs)


def _context(yard: Yard) -> Context:
    principal = Principal("tester", yard.tenant.role, yard.tenant.organization_id, datetime.now(UTC))
    return Context(yard.tenant.gateway.services, principal)


def _pool(yard: Yard) -> Pool:
    """What arguments and filters are made of: what the yard has, and a little that it has not."""
    pool = Pool(
        String=["Paris", "Lyon", "lyon", "", "S1", "S", '"', "\\", "é", "FR", "Ada", "Type2", "Heartbeat", "'; --"],
        ID=["unknown", "1", "2", *(id for ids in yard.ids.values() for id in ids[:3])],
        Int=[1, 2, 3],
        first=[1, 2, 3, 3, 5, 100],
        last=[1, 2, 3, 3, 5, 100],
        Float=[-180.0, -1.5, 0.0, 2.3522, 48.0, 90.0],
        DateTime=[(START + timedelta(milliseconds=each)).astimezone(PARIS).isoformat() for each in (0, 1, 2, 1000)],
        slug=["abb", "wallbox", "no-such"],
        city=[str(site["city"]) for site in SITES],
        name=[str(site["name"])[:9] for site in SITES],
    )
    for place, known in LISTS.items():
        pool[f"{place}:after"] = pool[f"{place}:before"] = yard.cursors[known]
    return pool
