"""The GraphQL schema, assembled from its parts; one file per entity."""

from __future__ import annotations

from datetime import datetime

import strawberry
from aiohttp import web
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, Undefined
from strawberry.schema.config import StrawberryConfig

from edge import DIRECT
from schema.catalog import CatalogQuery
from schema.charger_mutations import ChargerMutation
from schema.chargers import ChargerQuery
from schema.commands import CommandMutation
from schema.cpos import CpoMutation, CpoQuery
from schema.errors import Schema
from schema.fleet import FleetMutation, FleetSubscription
from schema.jobs import JobMutation, JobQuery, JobSubscription
from schema.locations import LocationMutation, LocationQuery
from schema.nodes import NodeQuery
from schema.ocpi_locations import OcpiLocationMutation, OcpiLocationQuery
from schema.scalars import DateTime
from schema.sdl import serve_sdl
from schema.templates import TemplateQuery
from schema.view import GraphQLView
from schema.viewer import ViewerQuery
from settings import Settings

PATH = "/graphql"
QUERIES: tuple[type, ...] = (
    NodeQuery, ViewerQuery, LocationQuery, ChargerQuery, CpoQuery, OcpiLocationQuery, JobQuery, CatalogQuery,
    TemplateQuery,
)  # fmt: skip
MUTATIONS: tuple[type, ...] = (
    LocationMutation, CpoMutation, OcpiLocationMutation, ChargerMutation, FleetMutation, CommandMutation, JobMutation,
)  # fmt: skip
SUBSCRIPTIONS: tuple[type, ...] = (JobSubscription, FleetSubscription)


def make_schema() -> Schema:
    """A schema of its own; its root types are made anew because two schemas can't share them."""
    made = Schema(
        query=_root("Query", QUERIES, "What can be read."),
        mutation=_root("Mutation", MUTATIONS, "What can be changed; fields run one after the other."),
        subscription=_root("Subscription", SUBSCRIPTIONS, "What can be watched.") if SUBSCRIPTIONS else None,
        config=StrawberryConfig(scalar_map={datetime: DateTime}),
    )
    _leave_out_null_defaults(made._schema)
    return made


def add_routes(app: web.Application, settings: Settings) -> None:
    """Adds the GraphQL endpoint and, unless the schema is a secret, its SDL."""
    made = make_schema()
    view = GraphQLView(app, made, settings)
    app.router.add_route("*", PATH, view.serve)
    app[DIRECT] = {PATH: view.serve}
    app.on_shutdown.append(view.close)
    if settings.introspection:
        app.router.add_get("/schema.graphql", serve_sdl(made))


def _root(name: str, parts: tuple[type, ...], description: str) -> type:
    return strawberry.type(type(name, parts, {}), description=description)


def _leave_out_null_defaults(graphql: GraphQLSchema) -> None:
    """An optional argument has no default: `= null` would only say again that it is optional."""
    for kind in graphql.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for item in kind.fields.values():
                item.default_value = Undefined if item.default_value is None else item.default_value
        elif isinstance(kind, GraphQLObjectType):
            for argument in (each for item in kind.fields.values() for each in item.args.values()):
                argument.default_value = Undefined if argument.default_value is None else argument.default_value
