"""What a document may ask for, and that finding out takes no longer than reading it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from schema import make_schema
from schema.limits import measure
from tests.support.endpoint import Endpoint

SCHEMA = make_schema()._schema


def cost(document: str, **variables: Any) -> int:
    costs, errors = measure(SCHEMA, parse(document))
    assert errors == []
    [(_, of)] = costs.items()
    return of.of(variables)


def fragments(count: int, body: str, last: str) -> str:
    """A chain of fragments: each has the body, in which `%d` is the number of the next."""
    links = (f"fragment F{number} on Viewer {{ {body % {'next': number + 1}} }}" for number in range(count))
    return "{ viewer { ...F0 } }" + "".join(links) + f"fragment F{count} on Viewer {{ {last} }}"


def repeated(text: str, count: int) -> str:
    return " ".join(text % number if "%" in text else text for number in range(count))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ locations { nodes " + "{ chargers { nodes { location " * 7 + "{ id }" + " } } }" * 7 + " } }", "24 levels"),
        ("{ viewer { " + repeated("a%d: role", 101) + " } }", "101 aliases"),
        ("{ " + repeated("__typename", 51) + " }", "51 root fields"),
        ("{ ...F ...F } fragment F on Query { " + repeated("__typename", 26) + " }", "52 root fields"),
        ("{ viewer { " + repeated("role @include(if: true)", 101) + " } }", "101 directives"),
        ("{ viewer { " + repeated("role", 1000) + " } }", "1001 fields"),
        (repeated("query Q%d { __typename }", 51), "51 operations"),
        ("{ brands { " + repeated("models { id }", 65) + " } }", "65 uses of the same object field"),
        (fragments(20, "...F%(next)d ...F%(next)d", "role"), "millions of fields"),
    ],
)
async def test_a_document_over_a_limit_is_too_complex(endpoint: Endpoint, document: str, message: str) -> None:
    reply = await endpoint.ask(document)

    assert reply.status == 400
    assert set(reply.codes) == {"QUERY_TOO_COMPLEX"}
    assert any(message in error["message"] for error in reply.json["errors"])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ " + "viewer " * 10_001 + "}", "10000 tokens"),
        ("{ viewer { role } }" + " " * 256 * 1024, "262144 code points"),
        ("{ viewer { role } }" + "#\n" * 1001, "comments"),
        ("{ a" * 2000, "nested too deeply"),
        ("{ location(id: " + "[" * 2000 + "]" * 2000 + ") { id } }", "nested too deeply"),
    ],
)
async def test_the_parser_gives_up_early(endpoint: Endpoint, document: str, message: str) -> None:
    reply = await endpoint.ask(document)

    assert reply.codes == ["GRAPHQL_PARSE_FAILED"]
    assert message in reply.json["errors"][0]["message"]


@pytest.mark.parametrize(
    "document",
    [
        fragments(300, "role ...F%(next)d", "role"),
        fragments(900, "...F%(next)d ...F%(next)d", "role"),
        fragments(900, "...F%(next)d ...F%(next)d", "...F0"),
        fragments(300, "... { ...F%(next)d } ... { ...F%(next)d }", "role"),
        "{ viewer { " + repeated("...F%d", 900) + " } }" + repeated("fragment F%d on Viewer { role subject }", 900),
        "{ " + repeated("viewer { role }", 1500) + " }",
        "{ " + repeated("a%d: viewer { role }", 1200) + " }",
        "query(" + repeated("$v%d: Int", 2000) + ") { viewer { role } }",
        "{ " + repeated("nothing%d", 5000) + " }",
        "{ viewer { role " + repeated("@include(if: true)", 1500) + " } }",
    ],
    ids=lambda document: f"{document[:40]}…{len(document)}",
)
async def test_no_document_blocks_the_server_for_long(endpoint: Endpoint, document: str) -> None:
    began = time.perf_counter()
    await endpoint.ask(document)
    took = time.perf_counter() - began

    assert took < 20  # tens of milliseconds on an idle machine; without the limits some take minutes to hours


async def test_a_document_within_all_limits_that_is_hard_to_validate_takes_little_time(endpoint: Endpoint) -> None:
    hard = "{ brands { " + repeated("models { id brand { id } }", 64) + " " + repeated("a: slug", 100) + " } }"

    began = time.perf_counter()
    reply = await endpoint.ask(hard)
    took = time.perf_counter() - began

    assert "errors" not in reply.json
    assert took < 1.0


async def test_introspection_as_clients_send_it_is_within_the_limits(endpoint: Endpoint) -> None:
    query = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True)

    reply = await endpoint.ask(query)

    assert "errors" not in reply.json


async def test_the_errors_of_a_document_are_bounded(endpoint: Endpoint) -> None:
    reply = await endpoint.ask("{ " + repeated("nothing%d", 40) + " }")

    assert len(reply.json["errors"]) == 21
    assert "aborted" in reply.json["errors"][-1]["message"]


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("{ viewer { role } }", {}, 2),
        ("{ locations(first: 7) { nodes { id } } }", {}, 1 + 1 + 7),
        ("{ locations { nodes { id } } }", {}, 1 + 1 + 50),
        ("{ locations(last: 3) { edges { node { id } } } }", {}, 1 + 1 + 3 * 2),
        ("{ locations(first: 1000000) { totalCount nodes { id } } }", {}, 1 + 1 + 100),
        ("{ locations(first: 10) { pageInfo { endCursor } totalCount } }", {}, 1 + 1 + 1),
        ("query ($n: Int) { locations(first: $n) { nodes { id } } }", {"n": 9}, 1 + 1 + 9),
        ("query ($n: Int = 4) { locations(first: $n) { nodes { id } } }", {}, 1 + 1 + 4),
        ("query ($n: Int) { locations(first: $n) { nodes { id } } }", {"n": None}, 1 + 1 + 50),
        ("query ($n: Int) { locations(first: $n) { nodes { id } } }", {"n": -5}, 1 + 1 + 1),
        ("{ locations(first: 2) { ...Page } } fragment Page on LocationConnection { nodes { id } }", {}, 1 + 1 + 2),
        (
            "{ locations(first: 10) { nodes { chargers(first: 4) { nodes { evses { id } } } } } }",
            {},
            1 + 1 + 10 * (1 + 1 + 4 * (1 + 10)),
        ),
        ('mutation { deleteLocation(input: {id: "x"}) { deletedId } }', {}, 10 + 1),
    ],
)
def test_the_cost_bounds_the_objects_of_the_answer(document: str, variables: dict[str, Any], expected: int) -> None:
    assert cost(document, **variables) == expected


async def test_an_operation_that_costs_too_much_is_told_so(endpoint: Endpoint) -> None:
    document = """{
      locations(first: 100) { nodes { chargers(first: 100) { nodes { location { chargers { nodes { id } } } } } } }
    }"""

    reply = await endpoint.ask(document)

    assert reply.status == 400
    assert reply.codes == ["QUERY_TOO_COMPLEX"]


def _names(errors: Iterable[Any]) -> list[str]:
    return [error.message for error in errors]


def test_circles_of_fragments_are_left_to_validation() -> None:
    _, errors = measure(SCHEMA, parse("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A __typename }"))

    assert _names(errors) == []
