"""The versions module: what a network speaks and where (OCPI 2.2.1 §6, 2.1.1 §6)."""

from __future__ import annotations

from aiohttp import web

from ocpi.envelope import Call
from ocpi.objects import Version


async def list_versions(call: Call) -> web.Response:
    """The one version of the network."""
    return call.answer([{"version": call.version, "url": call.url("")}])


async def get_details(call: Call) -> web.Response:
    """The endpoints of the version; 2.2.1 names the interface of each."""
    endpoints = [{"identifier": name, "url": call.url(f"/{name}")} for name in ("credentials", "locations")]
    if call.version is Version.V2_2_1:
        endpoints = [{**endpoint, "role": "SENDER"} for endpoint in endpoints]
    return call.answer({"version": call.version, "endpoints": endpoints})
