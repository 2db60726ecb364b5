"""Whether a token may charge: authorization cache, local list, CSMS (OCPP 1.6 §3.5, 2.0.1 C01-C16)."""

from __future__ import annotations

from datetime import UTC, datetime

from fleet.dialect import TokenInfo
from fleet.keys import Setting
from fleet.link import CallFailed
from fleet.memory import folded
from fleet.station import Station

LOCAL_TOKEN = "ISO14443"  # an RFID card
MAX_CACHED = 200  # the oldest goes; a charger's memory is small


async def authorize(station: Station, token: str, token_type: str = LOCAL_TOKEN) -> TokenInfo:
    """The verdict on a token: from what the charger knows where it may use that, else from the CSMS."""
    if station.online:
        known = _known(station, token) if station.is_set(Setting.LOCAL_PRE_AUTHORIZE) else None
        return known if known is not None and known.accepted else await _ask(station, token, token_type)
    return offline(station, token)


def offline(station: Station, token: str) -> TokenInfo:
    """The verdict without the CSMS (OCPP 1.6 §3.5.1, 2.0.1 C13, C15)."""
    known = _known(station, token) if station.is_set(Setting.LOCAL_AUTHORIZE_OFFLINE) else None
    if known is not None:
        return known
    return TokenInfo("Accepted" if station.is_set(Setting.ALLOW_OFFLINE_UNKNOWN) else "Invalid")


def remember(station: Station, token: str, info: TokenInfo) -> None:
    """Keeps the CSMS's verdict in the cache; the local list takes precedence over it."""
    key, cache = folded(token), station.memory.tokens
    if not station.is_set(Setting.CACHE_ENABLED) or key in station.memory.local_list:
        return
    cache.pop(key, None)
    cache[key] = {"status": info.status, "expires_at": info.expires_at, "parent": info.parent}
    if len(cache) > MAX_CACHED:
        del cache[next(iter(cache))]
    station.changed()


def parent_of(station: Station, token: str) -> str | None:
    """The group a token belongs to, as far as the charger knows."""
    known = _known(station, token)
    return known.parent if known else None


def clear_cache(station: Station) -> int:
    """Forgets every cached verdict; gives how many there were."""
    cleared = len(station.memory.tokens)
    station.memory.tokens.clear()
    station.changed()
    return cleared


async def _ask(station: Station, token: str, token_type: str) -> TokenInfo:
    try:
        answer = await station.call(station.dialect.authorize(token, token_type))
    except CallFailed:
        return offline(station, token)
    info = station.dialect.token_info(answer) or TokenInfo("Invalid")
    remember(station, token, info)
    return info


def _known(station: Station, token: str) -> TokenInfo | None:
    key = folded(token)
    entry = station.memory.local_list.get(key) if station.is_set(Setting.LIST_ENABLED) else None
    if entry is None and station.is_set(Setting.CACHE_ENABLED):
        entry = station.memory.tokens.get(key)
    if entry is None:
        return None
    expires_at = entry.get("expires_at")
    if expires_at and instant(expires_at) <= datetime.now(UTC):
        return TokenInfo("Expired", expires_at, entry.get("parent"))
    return TokenInfo(entry["status"], expires_at, entry.get("parent"))


def instant(text: str) -> datetime:
    """An instant that a CSMS sent; one without an offset is UTC, one that is none never comes."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
