"""What a document may ask for, and that finding out takes no longer than reading it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from schema import make_schema
from schema.limits import measure
from schema.serving.documents import Documents
from tests.support.endpoint import Endpoint

MADE = make_schema()
SCHEMA = MADE._schema


def cost(document: str, **variables: Any) -> int:
    costs, errors = measure(SCHEMA, parse(document))
    assert errors == []
    [(_, of)] = costs.items()
    return of.of(variables)


def fragments(count: int, body: str, last: str) -> str:
    """A chain of fragments: each has the body, in which `%d` is the number of the next."""
    links = (f"fragment F{number} on Viewer {{ {body % {'next': number + 1}} }}" for number in range(count))
    return "{ viewer { ...F0 } }" + "".join(links) + f"fragment F{count} on Viewer {{ {last} }}"


def roles(count: int) -> str:
    """Fragments that say the same."""
    return repeated("fragment F%d on Viewer { role subject }", count)


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
        ("{ viewer { ...F0 } }" + roles(101), "101 fragments"),
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


def effort(document: str) -> int:
    """How many calls it takes to read a document, from its text to its validation or refusal."""
    calls = count()
    documents = Documents(MADE, None, introspection=True, suggestions=False)
    sys.setprofile(lambda _frame, event, _argument: next(calls) if event in {"call", "c_call"} else None)
    try:
        documents.get(document)
    finally:
        sys.setprofile(None)
    return next(calls)


@pytest.mark.parametrize(
    ("family", "size"),
    [
        (lambda size: fragments(size, "role ...F%(next)d", "role"), 150),
        (lambda size: fragments(size, "...F%(next)d ...F%(next)d", "role"), 300),
        (lambda size: fragments(size, "...F%(next)d ...F%(next)d", "...F0"), 300),
        (lambda size: fragments(size, "... { ...F%(next)d } ... { ...F%(next)d }", "role"), 150),
        (lambda size: "{ viewer { " + repeated("...F%d", size) + " } }" + roles(size), 300),
        (lambda size: "{ viewer { role } }" + roles(size), 300),
        (lambda size: "{ " + repeated("viewer { role }", size) + " }", 500),
        (lambda size: "{ " + repeated("a%d: viewer { role }", size) + " }", 400),
        (lambda size: "query(" + repeated("$v%d: Int", size) + ") { viewer { role } }", 500),
        (lambda size: "{ " + repeated("nothing%d", size) + " }", 1500),
        (lambda size: "{ viewer { role " + repeated("@include(if: true)", size) + " } }", 500),
        (lambda size: "{ location(id: " + "[" * size + "]" * size + ") { id } }", 50),
    ],
)
def test_a_document_of_twice_the_size_takes_twice_the_work(family: Callable[[int], str], size: int) -> None:
    once, twice = effort(family(size)), effort(family(2 * size))

    assert twice < 2.2 * once


@pytest.mark.parametrize(
    "document",
    [
        "{ brands { " + repeated("models { id brand { id } }", 64) + " " + repeated("a: slug", 100) + " } }",
        "{ viewer { " + repeated("...F%d", 100) + " } }" + roles(100),
        fragments(99, "role subject ...F%(next)d", "role"),
        fragments(99, "role subject ...F%(next)d ...F99", "role"),
    ],
)
async def test_what_is_within_all_limits_and_hard_to_validate_is_bounded(endpoint: Endpoint, document: str) -> None:
    reply = await endpoint.ask(document)

    assert "errors" not in reply.json
    assert effort(document) < 1_000_000  # some tenths of a second where the machine is slow


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
        ("query ($n: Int) { locations(first: $n, last: 100) { nodes { id } } }", {"n": None}, 1 + 1 + 100),
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
