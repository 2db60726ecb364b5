"""The OpenAPI 3.1 document, made from the routing table: what is served is what is described."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter

from edge import ORGANIZATION_HEADER
from rest.examples import EXAMPLES
from rest.responses import HttpErrorResponse, HttpValidationError
from rest.route import Access, Route

API_VERSION = "0.2.2"  # of the published API that these routes are compatible with

DESCRIPTION = """\
Sites, OCPI networks and simulated chargers to test against.

Every call but `/health` carries a bearer token (*Authorize*; `.venv/bin/python app.py token` makes one). What takes
time is answered with 202 at once and goes on durably: poll its `status_url` until `READY` or `FAILED`. Sent again with
the same `Idempotency-Key`, a request is done once.

Errors are `{"detail": …}`: a sentence, or with 422 a list of what is wrong where. Reads have an `ETag`, and every
answer the `Request-Id` that was sent or a new one. The same things, live too, are in GraphQL at `/graphql`."""

Schema = dict[str, Any]

# the names of the published client, where the models of `resolvers.inputs` have GraphQL's
NAMES = {
    "AuthorizeIdTagEvent": "AuthorizeIdTagCommandEvent",
    "ChargerGroupInput": "ChargerGroup",
    "ChargerTargetInput": "ChargerCommandTarget",
    "ChargerTemplateInput": "ChargerTemplate",
    "CommandTargetInput": "CommandTarget",
    "ConfigurationEvent": "ConfigurationUpdateEvent",
    "ConnectorEvent": "ConnectorCommandEvent",
    "CoordinatesInput": "OcpiCoordinates",
    "CpoOverridesInput": "CpoOverrides",
    "CreateCpoInput": "CreateCpoRequest",
    "CreateLocationInput": "CreateLocationRequest",
    "CreateOcpiLocationInput": "OcpiCreateLocationRequest",
    "LocalAuthListEntryInput": "LocalAuthListEntry",
    "LocationChanges": "UpdateLocationRequest",
    "LocationFromTemplateInput": "LocationFromTemplateRequest",
    "OcpiChargerGroupInput": "OcpiChargerGroup",
    "OcpiChargerTemplateInput": "OcpiChargerTemplate",
    "OcpiLocationChanges": "UpdateOcpiLocationRequest",
    "PowerUpdateEvent": "PowerUpdateCommandEvent",
    "StartSessionEvent": "StartSessionCommandEvent",
    "StartTransactionEvent": "StartTransactionCommandEvent",
    "StopSessionEvent": "StopSessionCommandEvent",
    "StopTransactionEvent": "StopTransactionCommandEvent",
}

TAGS = {
    "locations": "Sites.",
    "chargers": "Chargers and their runtimes.",
    "location_chargers": "The chargers of one site, in bulk.",
    "catalog": "Brands and models.",
    "commands": "What a driver, a vehicle or a fault does to a charger.",
    "location_templates": "Templates of sites.",
    "ocpi_templates": "Templates of networks.",
    "ocpi_cpos": "Networks.",
    "ocpi_locations": "The sites of one network.",
    "health": "Whether the gateway lives.",
}

BEARER: dict[str, list[str]] = {"bearer": []}
SECURITY = {
    Access.PUBLIC: [],
    Access.TOKEN: [BEARER],
    Access.TENANT: [BEARER, {**BEARER, "organization": []}],
}


def document(routes: Sequence[Route]) -> Schema:
    """The document of these routes."""
    schemas = _Schemas(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chargeyard", "version": API_VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "organization": {
                    "type": "apiKey",
                    "in": "header",
                    "name": ORGANIZATION_HEADER,
                    "description": "With an admin token only: the organization of the call.",
                },
            },
        },
    }


class _Schemas:
    """The schemas of bodies, answers and parameters, by route; and the components that they refer to."""

    def __init__(self, routes: Sequence[Route]) -> None:
        inputs: list[tuple[tuple[str, str], Any, TypeAdapter[Any]]] = [
            (("error", name), "serialization", TypeAdapter(model))
            for name, model in (("detail", HttpErrorResponse), ("validation", HttpValidationError))
        ]
        for route in routes:
            if route.body is not None:
                inputs.append(((route.operation_id, "body"), "validation", route.body))
            if route.response is not None:
                inputs.append(((route.operation_id, "response"), "serialization", route.response))
            if route.idempotency_key is not None:
                inputs.append(((route.operation_id, "key"), "validation", route.idempotency_key))
        found, definitions = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
        self._found = {key: _cleaned(schema) for (key, _), schema in found.items()}
        self.components: Schema = {
            NAMES.get(name, name): {**_cleaned(schema), **_example(NAMES.get(name, name))}
            for name, schema in sorted(definitions["$defs"].items())
        }

    def of(self, operation_id: str, part: str) -> Schema:
        schema: Schema = self._found[operation_id, part]
        return schema


def _operation(route: Route, schemas: _Schemas) -> Schema:
    summary, _, more = route.description.partition("\n\n")
    operation: Schema = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": summary.rstrip("."),
        "security": SECURITY[route.access],
        "responses": _responses(route, schemas),
    }
    if more:
        operation["description"] = more
    if parameters := _parameters(route, schemas):
        operation["parameters"] = parameters
    if route.body is not None:
        content: Schema = {"schema": schemas.of(route.operation_id, "body")}
        if route.operation_id in EXAMPLES:
            content["example"] = EXAMPLES[route.operation_id]
        operation["requestBody"] = {"required": route.needs_body, "content": {"application/json": content}}
    return operation


def _parameters(route: Route, schemas: _Schemas) -> list[Schema]:
    parameters: list[Schema] = []
    for where, model in (("path", route.path_model), ("query", route.query_model)):
        if model is not None:
            parameters += _parameters_of(model, where)
    if route.idempotency_key is not None:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "A second call with the same key and body is answered with the first one's job.",
                "schema": schemas.of(route.operation_id, "key"),
            }
        )
    return parameters


def _parameters_of(model: type[BaseModel], where: str) -> list[Schema]:
    schema = model.model_json_schema()
    definitions, required = schema.get("$defs", {}), schema.get("required", [])
    return [
        {
            "name": name,
            "in": where,
            "required": name in required,
            "description": each.pop("description", f"The {name.replace('_', ' ')}."),
            "schema": _cleaned(_present(each, definitions)),
        }
        for name, each in schema["properties"].items()
    ]


def _present(schema: Schema, definitions: Schema) -> Schema:
    """The schema of a parameter that is there: never null, and without a reference."""
    if "anyOf" in schema:
        schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
    return definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _responses(route: Route, schemas: _Schemas) -> Schema:
    responses: Schema = {str(route.status): {"description": HTTPStatus(route.status).phrase}}
    if route.response is not None:
        content = {"schema": schemas.of(route.operation_id, "response")}
        responses[str(route.status)]["content"] = {"application/json": content}
    for status in route.statuses:
        kind = "validation" if status == 422 else "detail"
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": schemas.of("error", kind)}},
        }
    return responses


def _example(name: str) -> Schema:
    return {"examples": [EXAMPLES[name]]} if name in EXAMPLES else {}


def _cleaned(schema: Any) -> Any:
    """Pydantic's schema with the published names, without its titles and without null as the default of a text."""
    if isinstance(schema, list):
        return [_cleaned(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    cleaned = {
        {"oneOf": "anyOf"}.get(key, key): _cleaned(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    if "patternProperties" in cleaned:  # it would let keys that do not match pass with any value
        ((pattern, values),) = cleaned.pop("patternProperties").items()
        names = {**cleaned.get("propertyNames", {}), "pattern": pattern}
        cleaned |= {"propertyNames": names, "additionalProperties": values}
    if "$ref" in cleaned:
        stem, _, name = cleaned["$ref"].rpartition("/")
        cleaned["$ref"] = f"{stem}/{NAMES.get(name, name)}"
    return cleaned
