"""Networks from their making to their end."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from string import ascii_uppercase, digits
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from errors import Conflict, NotFound
from resolvers.bulk import site_payload
from resolvers.context import Context, Services
from resolvers.cpos import find_cpo, get_cpo, peer_url
from resolvers.credentials import issue_token
from resolvers.inputs import DEFAULT_TTL_S, CreateCpoInput, CreateOcpiLocationInput
from resolvers.template_catalog import CPO_TEMPLATES, CpoTemplate
from resolvers.templates import sites_of
from resolvers.work import accept, digest_of, end_job, replayed
from storage import cpos, credentials, networks
from storage.models import Cpo, Credentials, Job, JobType, utc_now
from storage.work import NewItem

SEEDS = 2**31
DEFAULT_VERSION = "2.2.1"
TEAR_DOWN_BATCH = 2_000  # chargers, or sites, in one transaction, so that other writers get their turn


@dataclass(frozen=True)
class RoamHelper:
    """What a peer needs to register: the body of its request, and the request as a shell command."""

    credentials_payload: dict[str, Any]
    curl_snippet: str


@dataclass(frozen=True)
class CreatedCpo:
    """A network whose provisioning has begun, and the token that is shown this once."""

    cpo: Cpo
    token_a: str
    roam_helper: RoamHelper
    job: Job


@dataclass(frozen=True)
class RenewedTokenA:
    """A network, and the token of its next registration, which is shown this once."""

    cpo: Cpo
    token_a: str
    roam_helper: RoamHelper


async def create_cpo(ctx: Context, input: CreateCpoInput, *, idempotency_key: str | None = None) -> CreatedCpo:
    """Writes a network and its Token A and accepts the making of its sites.

    Raises NotFound for an unknown template, Conflict where the identities are taken, RateLimited.
    """
    template = CPO_TEMPLATES.get(input.template)
    if template is None:
        raise NotFound(f"There is no network template {input.template!r}.")
    digest = digest_of(JobType.CREATE_CPO, input)
    async with ctx.write() as session:
        if job := await replayed(session, idempotency_key, digest):
            return await _again(ctx, session, job)
        network = await _new_network(session, input, template)
        sites = sites_of(
            template,
            seed=network.seed,
            overrides=input.overrides,
            name_prefix=input.name_prefix,
            ws_url=ctx.services.settings.csms_url,
            conditions=input.network,
        )
        await _check_identities(session, sites)
        session.add(network)
        await session.flush()
        token = issue_token("a")
        session.add(Credentials(network_id=network.id, kind="A", token=token, ocpi_version=network.ocpi_version))
        items = [NewItem(site.name, site_payload(site)) for site in sites]
        job = await accept(
            ctx, session, items, type=JobType.CREATE_CPO, network_id=network.id, key=idempotency_key, digest=digest
        )
        network.workflow_run_id = job.workflow_run_id
    return CreatedCpo(network, token, _roam_helper(peer_url(ctx, network), token), job)


async def renew_token_a(ctx: Context, id: str) -> RenewedTokenA:
    """Gives a network a Token A that no peer has used; registered peers stay. Raises NotFound."""
    network = await get_cpo(ctx, id)
    token = issue_token("a")
    async with ctx.write() as session:
        if not await credentials.renew(session, network.id, token):
            raise NotFound(f"There is no network {id!r}.")  # any more
    ctx.loaders.clear()  # what they hold was read before
    return RenewedTokenA(network, token, _roam_helper(peer_url(ctx, network), token))


async def delete_cpo(ctx: Context, id: str, *, missing_ok: bool = False) -> None:
    """Tears a network down: its jobs stop, then its sites, chargers and credentials go.

    `missing_ok`: a network that is gone is no error. Raises NotFound otherwise.
    """
    network = await find_cpo(ctx, id)
    if network is not None:
        await tear_down(ctx.services, ctx.tenant, network.id)
        ctx.loaders.clear()  # what they hold was read before
    elif not missing_ok:
        raise NotFound(f"There is no network {id}.")


async def tear_down(services: Services, tenant: str, network_id: int) -> None:
    """Takes a network apart, in many transactions; whatever interrupts it, calling it again goes on."""
    async with services.database.write(tenant) as session:
        jobs = await networks.expire(session, network_id)
    for job_id in jobs:
        await end_job(services, tenant, job_id)
    is_gone = False
    while not is_gone:
        async with services.database.write(tenant) as session:
            is_gone, chargers = await networks.remove_some(session, network_id, TEAR_DOWN_BATCH)
        await services.fleet.apply(chargers)


async def _new_network(session: AsyncSession, input: CreateCpoInput, template: CpoTemplate) -> Cpo:
    ttl_s = DEFAULT_TTL_S if input.ttl_seconds is None else input.ttl_seconds.value
    now = utc_now()
    taken = await networks.parties_of(session, input.country_code)
    return Cpo(
        country_code=input.country_code,
        party_id=next(party for party in _variants(input.party_id) if party not in taken),
        role=(input.role or "cpo").upper(),
        name_prefix=input.name_prefix,
        template=template.slug,
        template_version=template.version,
        ocpi_version=input.ocpi_version or DEFAULT_VERSION,
        seed=secrets.randbelow(SEEDS) if input.seed is None else input.seed,
        overrides=input.overrides.model_dump(exclude_none=True) if input.overrides else {},
        expires_at=None if ttl_s is None else now + timedelta(seconds=ttl_s),
        created_at=now,
        updated_at=now,
    )


def _variants(party_id: str) -> Iterator[str]:
    """The party id, then those that share its first characters, the longest beginning first."""
    yield party_id
    for kept in range(len(party_id) - 1, -1, -1):
        for rest in product(ascii_uppercase + digits, repeat=len(party_id) - kept):
            yield party_id[:kept] + "".join(rest)


async def _check_identities(session: AsyncSession, sites: list[CreateOcpiLocationInput]) -> None:
    """Raises Conflict where the same seed and prefix made a network that still stands."""
    identities = [
        f"{group.template.identity_prefix}{suffix}"
        for site in sites
        for group in site.charges or []
        for suffix in group.charger_ids
    ]
    used = await networks.identities_in_use(session, identities)
    if used:
        raise Conflict(f"The identity {used[0]} is in use; choose another name_prefix or seed.")


async def _again(ctx: Context, session: AsyncSession, job: Job) -> CreatedCpo:
    """The answer to a request that was made before. Raises NotFound when its network is gone."""
    network = await cpos.get(session, job.network_id) if job.network_id is not None else None
    registration = await cpos.registration(session, network.id) if network is not None else None
    if network is None or registration is None:
        raise NotFound("The network that this idempotency key made is gone.")
    token = registration.token
    return CreatedCpo(network, token, _roam_helper(peer_url(ctx, network), token), job)


def _roam_helper(url: str, token: str) -> RoamHelper:
    payload = {"token": token, "url": url}
    credentials_url = f"{url.removesuffix('/versions')}/credentials"
    body = orjson.dumps(payload).decode()
    command = [
        "curl", "-X", "POST", credentials_url, "-H", f"Authorization: Token {token}",
        "-H", "Content-Type: application/json", "-d", body,
    ]  # fmt: skip
    return RoamHelper(payload, shlex.join(command))
