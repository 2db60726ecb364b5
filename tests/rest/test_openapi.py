"""The OpenAPI document: valid, complete, and with the names of the published client."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from rest.openapi import NAMES, document
from rest.routes import ROUTES
from tests.support.gateway import Gateway
from tests.support.published_client import models, operations

DOCUMENT = document(ROUTES)
SCHEMAS = DOCUMENT["components"]["schemas"]
# where a charger's state or an idempotency key can forbid the call: 400, for which the published client needs no class
BEYOND_THE_CONTRACT = {
    "commands.clear_fault",
    "commands.clear_local_list",
    "commands.inject_fault",
    "commands.reset_auth_cache",
    "locations.update",
    "ocpi_cpos.create",
    "location_chargers.create",
    "chargers.start_runtime",
    "chargers.stop_runtime",
    "chargers.reset_runtime",
}
LANDING_PAGE = "health.landing_page"  # an HTML page, which is no part of the document


async def test_the_served_document_is_the_one_that_is_tested_here(gateway: Gateway) -> None:
    async with gateway.http.get(f"{gateway.url}/openapi.json") as response:
        assert response.content_type == "application/json"
        assert await response.json() == DOCUMENT


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


@pytest.mark.parametrize("name", sorted(models()))
def test_an_object_of_the_published_client_has_its_schema(name: str) -> None:
    fields = models()[name].model_fields

    schema = SCHEMAS[name]

    assert set(schema.get("properties", {})) >= set(fields)
    assert set(schema.get("required", [])) == {field for field, info in fields.items() if info.is_required()}


@pytest.mark.parametrize("operation", list(operations()), ids=lambda operation: operation.name)
def test_a_call_of_the_published_client_has_its_operation(operation: Any) -> None:
    if operation.name == LANDING_PAGE:
        return
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]

    assert described["operationId"] == operation.name.replace(".", "_").replace("health_health", "health")
    if described["security"]:
        errors = {int(status) for status in described["responses"] if status >= "400"}
        assert errors - operation.errors == ({400} if operation.name in BEYOND_THE_CONTRACT else set())
        assert errors >= operation.errors


def test_no_two_objects_have_the_same_name() -> None:
    assert len(set(NAMES.values())) == len(NAMES)
    assert not NAMES.keys() & SCHEMAS.keys()
    assert set(SCHEMAS["OcpiCoordinates"]["properties"]["latitude"]) >= {"minimum", "maximum"}


def test_no_two_operations_have_the_same_id() -> None:
    ids = [route.operation_id for route in ROUTES]

    assert len(ids) == len(set(ids))


def test_every_example_fits_its_schema() -> None:
    checked = 0
    for name, schema in SCHEMAS.items():
        for example in schema.get("examples", []):
            _check(example, {"$ref": f"#/components/schemas/{name}"})
            checked += 1
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                _check(media["example"], media["schema"])
                checked += 1
    assert checked > 20


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_every_operation_is_described(route: Any) -> None:
    described = DOCUMENT["paths"][route.path][route.method.lower()]

    assert described["summary"]
    assert all(parameter["description"] for parameter in described.get("parameters", []))


def _check(value: Any, schema: dict[str, Any]) -> None:
    jsonschema.validate(value, {**schema, "components": DOCUMENT["components"]}, jsonschema.Draft202012Validator)
