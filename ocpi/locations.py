"""The locations module, sender's side (OCPI 2.2.1 §8.2.1, 2.1.1 §2.1)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from errors import FieldError, InvalidInput, NotFound
from ocpi.envelope import Call
from ocpi.objects import connector_object, evse_object, is_shown, location_object, uid_of
from resolvers.peer_locations import get_peer_location, list_peer_locations
from storage.models import Evse, OcpiConnector
from storage.peer_locations import MAX_SLICE, PeerLocation, Slice

_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?)Z?", re.ASCII)


async def list_locations(call: Call) -> web.Response:
    """One page of the network's locations."""
    wanted = _slice(call)
    found, total = await list_peer_locations(call.ctx, call.peer.cpo, wanted)
    headers = {"X-Total-Count": str(total), "X-Limit": str(wanted.limit)}
    if wanted.offset + wanted.limit < total:
        headers["Link"] = f'<{_next_url(call, wanted)}>; rel="next"'
    return await _answer(call, lambda: [location_object(each, call.peer.cpo) for each in found], headers)


async def get_location(call: Call) -> web.Response:
    """One location with all its EVSEs."""
    found = await _location(call)
    return await _answer(call, lambda: location_object(found, call.peer.cpo))


async def get_evse(call: Call) -> web.Response:
    """One EVSE of a location."""
    evse, connector = await _evse(call)
    return call.answer(evse_object(evse, connector, call.peer.cpo))


async def get_connector(call: Call) -> web.Response:
    """One connector of an EVSE."""
    evse, connector = await _evse(call)
    if call.request.match_info["connector_id"].lower() != connector.connector_id:
        raise NotFound("The EVSE has no such connector.")
    return call.answer(connector_object(evse, connector, call.peer.cpo))


async def _answer(call: Call, shown: Callable[[], Any], headers: Mapping[str, str] | None = None) -> web.Response:
    """Made in a thread: thousands of EVSEs take long enough to hold up everybody else on the loop."""
    return await asyncio.to_thread(lambda: call.answer(shown(), headers))


async def _location(call: Call) -> PeerLocation:
    location_id = call.request.match_info["location_id"].lower()  # ids are case insensitive in OCPI
    return await get_peer_location(call.ctx, call.peer.cpo, location_id)


async def _evse(call: Call) -> tuple[Evse, OcpiConnector]:
    """The EVSE of exactly this uid, else the first whose uid differs from it only in case."""
    asked = call.request.match_info["evse_uid"]
    alike = [
        (evse, connector)
        for evse, connector in (await _location(call)).evses
        if uid_of(evse).lower() == asked.lower() and is_shown(connector, call.version)
    ]
    if not alike:
        raise NotFound("The location has no such EVSE.")
    return next((found for found in alike if uid_of(found[0]) == asked), alike[0])


def _slice(call: Call) -> Slice:
    return Slice(
        offset=_integer(call, "offset", 0, least=0),
        limit=min(_integer(call, "limit", MAX_SLICE, least=1), MAX_SLICE),
        changed_from=_instant(call, "date_from"),
        changed_to=_instant(call, "date_to"),
    )


def _next_url(call: Call, wanted: Slice) -> str:
    filters = {name: call.request.query[name] for name in ("date_from", "date_to") if name in call.request.query}
    query = {"offset": wanted.offset + wanted.limit, "limit": wanted.limit, **filters}
    return call.url(f"/locations?{urlencode(query, safe=':')}")


def _integer(call: Call, name: str, default: int, *, least: int) -> int:
    text = call.request.query.get(name)
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
        raise _invalid(name, f"must be an integer from {least} to 999999999")
    return int(text)


def _instant(call: Call, name: str) -> datetime | None:
    text = call.request.query.get(name)
    if text is None:
        return None
    match = _DATE_TIME.fullmatch(text)
    try:
        return datetime.fromisoformat(match[1] if match else "").replace(tzinfo=UTC)
    except ValueError as exc:
        raise _invalid(name, "must be a UTC instant such as 2026-11-21T03:27:00Z") from exc


def _invalid(name: str, message: str) -> InvalidInput:
    return InvalidInput(f"{name} {message}", [FieldError((name,), message)])
