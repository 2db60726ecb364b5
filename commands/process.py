"""One serving process: the application, its loop, its port and its end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvloop
from aiohttp import web

from app import create_app
from edge import Runner
from settings import Settings
from storage.lock import DatabaseUnusable

DRAIN_S = 20.0  # how long a shutdown waits for requests that run; below the 30 s that container managers give
BACKLOG = 1024
GC_OBJECTS = 20_000  # made before the next look for cycles, by default 700; requests leave none


class NotServing(Exception):
    """The gateway could not start; the text says why and what to do."""


@contextmanager
def reserved_port(settings: Settings) -> Iterator[Settings]:
    """Settings with the port that is listened on, claimed until the block ends so that no other program takes it.

    Raises NotServing when something else listens there. The socket never listens, so no connection goes to it.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe, socket.socket(family) as claim:
        try:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))  # fails where a shared port would only be joined
            port = probe.getsockname()[1]
            probe.close()
            claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            claim.bind((settings.host, port))
        except OSError as exc:
            raise NotServing(
                f"{settings.host}:{settings.port} can't be listened on ({exc.strerror}); set CHARGEYARD_PORT or "
                "CHARGEYARD_HOST to another address."
            ) from exc
        yield settings.model_copy(update={"port": port})


def serve(settings: Settings, announce: Callable[[], None], parent: socket.socket | None = None) -> None:
    """Serves until SIGINT, SIGTERM or the end of the parent, whose end of a socket pair then closes.

    Raises NotServing when the database belongs to another process, or is none.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, announce, parent))


async def _serve(settings: Settings, announce: Callable[[], None], parent: socket.socket | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if parent is not None:
        loop.add_reader(parent, stop.set)
    access_log = logging.getLogger("chargeyard.access") if settings.log_level == "DEBUG" else None
    # an abandoned query must not run on: aiohttp's default lets it
    runner = Runner(
        create_app(settings),
        handler_cancellation=True,
        access_log=access_log,
        shutdown_timeout=DRAIN_S,
        keepalive_timeout=settings.keep_alive_s,
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port, reuse_port=True, backlog=BACKLOG).start()
        gc.set_threshold(GC_OBJECTS)
        gc.collect()
        gc.freeze()  # what lives as long as the process is not worth walking through at each collection
        announce()
        await stop.wait()
        if parent is not None:
            loop.remove_reader(parent)
    except DatabaseUnusable as exc:
        raise NotServing(str(exc)) from exc
    finally:
        await runner.cleanup()
