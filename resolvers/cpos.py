"""Networks: what can be read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errors import NotFound
from resolvers.context import Context
from resolvers.filters import network_number
from resolvers.loaders import load, load_all
from storage import cpos as store
from storage import lists
from storage.cpos import CpoTopology, SiteLine
from storage.models import Cpo, Credentials
from storage.paging import Listing, Page, Window

__all__ = [
    "CpoTopology", "count_cpos", "cpos_by_id", "find_cpo", "get_cpo", "list_cpos", "page_cpos", "peer_url",
    "report_of", "topology_of",
]  # fmt: skip

SHOWN_OF_A_TOKEN = 4  # enough to tell tokens apart


async def find_cpo(ctx: Context, id: str) -> Cpo | None:
    ctx.tenant  # noqa: B018 - raises where there is none, whatever the id
    number = network_number(id)
    if number is None:
        return None
    async with ctx.read() as session:
        return await store.get(session, number)


async def get_cpo(ctx: Context, id: str) -> Cpo:
    row = await find_cpo(ctx, id)
    if row is None:
        raise NotFound(f"There is no network {id!r}.")
    return row


async def cpos_by_id(ctx: Context, ids: Sequence[int]) -> Mapping[int, Cpo]:
    async with ctx.read() as session:
        return await lists.rows_by(session, store.cpos(), Cpo.id, ids)


async def page_cpos(ctx: Context, window: Window) -> Page[Cpo]:
    async with ctx.read() as session:
        return await lists.page(session, store.cpos(), store.NEWEST_FIRST, window)


async def count_cpos(ctx: Context) -> int:
    async with ctx.read() as session:
        return await lists.count(session, store.cpos())


async def list_cpos(ctx: Context, *, page: int, limit: int) -> Listing[Cpo]:
    async with ctx.read() as session:
        return await lists.numbered(session, store.cpos(), store.NEWEST_FIRST, page=page, limit=limit)


async def topologies(ctx: Context, ids: Sequence[int]) -> Mapping[int, CpoTopology]:
    async with ctx.read() as session:
        return await store.topologies(session, ids)


async def topology_of(ctx: Context, cpo: Cpo) -> CpoTopology:
    """How many locations, chargers, EVSEs and connectors a network has; batched over networks asked for at once."""
    return await load_all(ctx, topologies, cpo.id)


async def site_lines(ctx: Context, ids: Sequence[int]) -> Mapping[int, list[SiteLine]]:
    async with ctx.read() as session:
        return await store.site_lines(session, ids)


async def registrations(ctx: Context, ids: Sequence[int]) -> Mapping[int, Credentials]:
    async with ctx.read() as session:
        return await store.registrations(session, ids)


def peer_url(ctx: Context, cpo: Cpo) -> str:
    """The versions URL that peers of the network start from."""
    return f"{ctx.services.settings.base_url}/ocpi/{cpo.ocpi_version}/versions"


async def report_of(ctx: Context, cpo: Cpo) -> str:
    """A page about the network, in Markdown (REST contract §10.6); batched over networks asked for at once."""
    sites = await load_all(ctx, site_lines, cpo.id)
    registration = await load(ctx, registrations, cpo.id)
    lines = [
        f"# CPO {cpo.id} — {cpo.name_prefix} ({cpo.template})",
        "## Party",
        f"{cpo.country_code} / {cpo.party_id} / {cpo.role.upper()}",
        f"## Locations ({len(sites)})",
        "\n".join(map(_bullet, sites)) or "None.",
        "## Token A",
        _token_line(registration),
    ]
    return "\n\n".join(lines) + "\n"


def _bullet(site: SiteLine) -> str:
    name, city = " ".join(site.name.split()), " ".join(site.city.split())
    return f"- {site.id} · {name} · {city} ({site.chargers} charger{'' if site.chargers == 1 else 's'})"


def _token_line(registration: Credentials | None) -> str:
    """Token A as long as a peer can register with it; afterwards only what tells it apart."""
    if registration is None:
        return "None."
    if registration.used_at is None:
        return f"`{registration.token}`"
    return f"`{registration.token[:SHOWN_OF_A_TOKEN]}…` (used)"
