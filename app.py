"""The application and its command line (`python app.py --help`): wires the rooms together and decides nothing."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # before the imports below, which most commands can do without
    try:
        from commands import main

        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # as shells have it for SIGINT

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from aiohttp import web

import metrics
import ocpi
import pages
import rest
import schema
from edge import AUTHENTICATOR, EDGE, SERVICES, Edge
from fleet.providers import fleet_of
from jobs.engine import JobEngine
from resolvers.auth import Authenticator, JwksKeys, SecretKeys
from resolvers.context import Services
from settings import Settings
from storage.database import Database
from storage.lock import only_process
from storage.migrate import migrate

MAX_BODY_BYTES = 32 * 2**20  # 10,000 sites of a bulk request with room to spare


def create_app(settings: Settings) -> web.Application:
    """The gateway as an aiohttp application; it migrates the database and starts the engines when it starts."""
    edge = Edge(settings)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[edge.answer])
    app[EDGE] = edge
    app[AUTHENTICATOR] = Authenticator(
        JwksKeys(settings.jwks_url) if settings.jwks_url else SecretKeys(settings.jwt_secret.get_secret_value())
    )

    async def services(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stops:  # each is stopped, whatever fails before
            stops.enter_context(only_process(settings.resolved_database_url))
            database = Database(settings.resolved_database_url)
            stops.push_async_callback(database.close)
            await asyncio.to_thread(migrate, database)
            fleet = fleet_of(database, settings)
            jobs = JobEngine(settings, database, fleet)
            app[SERVICES] = Services(settings, database, jobs, fleet)
            await fleet.start()
            stops.push_async_callback(fleet.stop)
            await jobs.start()
            stops.push_async_callback(jobs.stop)
            yield

    app.cleanup_ctx.append(services)
    schema.add_routes(app, settings)
    rest.add_routes(app)
    ocpi.add_routes(app)
    pages.add_routes(app)
    metrics.add_routes(app)
    return app
