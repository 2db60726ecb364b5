"""Requests for locations and chargers in bulk: checked at once, made durably."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from errors import Conflict, FieldError, InvalidRequest, NotFound
from resolvers import templates
from resolvers.context import Context
from resolvers.filters import network_number
from resolvers.inputs import (
    MAX_BULK_CHARGERS,
    MAX_CHARGERS_OF_SITES,
    BulkCreateChargersInput,
    BulkCreateOcpiLocationsInput,
    BulkOcpiLocationInput,
    ChargerGroupInput,
    CreateChargerInput,
    CreateOcpiLocationInput,
)
from resolvers.placing import placing, refused
from resolvers.work import accept, digest_of, replayed
from storage import networks
from storage.bulk import insert_rows
from storage.database import is_conflict, violated_table
from storage.equipment import ItemFailed, find_equipment, load_catalog
from storage.locations import place_at
from storage.models import Charger, Job, JobType, OcppVersion, ProvisioningStatus, utc_now
from storage.provision import NewCharger, Place, Provisioning, add_chargers
from storage.work import NewItem

SUFFIX_BYTES = 4


@dataclass(frozen=True)
class CreatedCharger:
    """A charger whose provisioning has begun."""

    charger: Charger
    job: Job


async def bulk_create_ocpi_locations(ctx: Context, input: BulkCreateOcpiLocationsInput) -> Job:
    """Accepts sites for a network. Raises NotFound, InvalidInput for a template or override, Conflict, RateLimited."""
    ctx.tenant  # noqa: B018 - raises before the work is done
    # thousands of sites take long enough to hold up everybody else on the loop
    digest = await asyncio.to_thread(digest_of, JobType.BULK_CREATE_OCPI_LOCATIONS, input)
    items = await asyncio.to_thread(_site_items, input.locations, ctx.services.settings.csms_url)
    async with ctx.write() as session:
        if job := await replayed(session, input.idempotency_key, digest):
            return job
        network = await networks.standing(session, network_number(input.cpo_id) or 0)  # no network has number 0
        if network is None:
            raise NotFound(f"There is no network {input.cpo_id}.")
        if network.status in {ProvisioningStatus.PENDING, ProvisioningStatus.FAILED}:
            raise Conflict(f"Network {network.id} is {network.status}; it takes locations once it is provisioned.")
        return await accept(
            ctx, session, items,
            type=JobType.BULK_CREATE_OCPI_LOCATIONS, network_id=network.id, key=input.idempotency_key, digest=digest,
        )  # fmt: skip


async def bulk_create_chargers(ctx: Context, input: BulkCreateChargersInput) -> Job:
    """Accepts chargers for a location. Raises NotFound, InvalidRequest, Conflict, RateLimited."""
    ctx.tenant  # noqa: B018 - raises before the work is done
    _check_number(sum(map(_wanted, input.groups)), MAX_BULK_CHARGERS, "groups")
    digest = await asyncio.to_thread(digest_of, JobType.BULK_CREATE_CHARGERS, input)
    items = await asyncio.to_thread(_charger_items, input.groups)
    async with ctx.write() as session:
        if job := await replayed(session, input.idempotency_key, digest):
            return job
        if await place_at(session, input.location_id) is None:
            raise NotFound(f"There is no location {input.location_id}.")
        return await accept(
            ctx, session, items,
            type=JobType.BULK_CREATE_CHARGERS, location_id=input.location_id, key=input.idempotency_key, digest=digest,
        )  # fmt: skip


async def create_charger(
    ctx: Context, input: CreateChargerInput, *, location_name: str | None = None
) -> CreatedCharger:
    """Writes a charger and accepts its provisioning. `location_name` is only told to its runtime.

    Raises InvalidInput for an unknown model, connector or location, and for an identity that is in use.
    """

    async def create(session: AsyncSession) -> CreatedCharger:
        place = await _place_of(session, input, location_name)
        charger = await _new_charger(session, input)
        item = NewItem(input.identity, {"identity": input.identity}, charger.id)
        job = await accept(ctx, session, [item], type=JobType.CREATE_CHARGER, location_id=place.location_id)
        provisioning = Provisioning(ProvisioningStatus.PROVISIONING, job.workflow_run_id or "", utc_now())
        await session.run_sync(_put_charger, charger, place, provisioning)
        return CreatedCharger(await session.get_one(Charger, charger.id), job)

    try:
        return await placing(ctx, create)
    except IntegrityError as exc:
        if not is_conflict(exc) or violated_table(exc) not in {"deployments", "ocpi_evses"}:
            raise
        raise refused("identity", f"The identity {input.identity} is in use.", "identity_conflict") from exc


async def _place_of(session: AsyncSession, input: CreateChargerInput, location_name: str | None) -> Place:
    if input.location_id is None:
        return Place(None, location_name)
    place = await place_at(session, input.location_id)
    if place is None:
        raise refused("location_id", f"There is no location {input.location_id}.", "location_not_found")
    return place


def _put_charger(session: Session, charger: NewCharger, place: Place, provisioning: Provisioning) -> None:
    add_chargers(partial(insert_rows, session), [charger], place, provisioning)


async def _new_charger(session: AsyncSession, input: CreateChargerInput) -> NewCharger:
    catalog = await session.run_sync(load_catalog)
    try:
        equipment = find_equipment(catalog, input.brand_slug, input.model_slug, input.connector_type)
    except ItemFailed as exc:
        raise refused(exc.param or "model_slug", str(exc), exc.code) from exc
    return NewCharger(
        key=uuid4(),
        identity=input.identity,
        name=input.charge_point_name,
        connector_type=input.connector_type,
        ocpp_version=input.ocpp_version or OcppVersion.OCPP_1_6,
        ws_url=input.ws_url,
        equipment=equipment,
        network=input.network.model_dump() if input.network else None,
    )


def _site_items(sites: Sequence[BulkOcpiLocationInput], ws_url: str) -> list[NewItem]:
    """One item a site, in full; repeated templates are told apart by `L01_`, `L02_`, … in order of occurrence."""
    _check_number(sum(map(_chargers_of, sites)), MAX_CHARGERS_OF_SITES, "locations")
    unnamed = [_unnamed_template(site) for site in sites]
    repeated = {slug for slug, times in Counter(unnamed).items() if slug is not None and times > 1}
    seen: Counter[str | None] = Counter()
    items = []
    for index, (site, slug) in enumerate(zip(sites, unnamed, strict=True)):
        seen[slug] += 1
        infix = f"L{seen[slug]:02}_" if slug in repeated else ""
        whole = _whole_site(site, infix, ws_url, index)
        items.append(NewItem(whole.name, site_payload(whole)))
    return items


def _chargers_of(site: BulkOcpiLocationInput) -> int:
    """How many chargers a site is to have; a template's few do not count."""
    whole = site.location and site.location.value
    return sum(len(group.charger_ids) for group in whole.charges or []) if whole else 0


def site_payload(site: CreateOcpiLocationInput) -> dict[str, Any]:
    """What a worker makes the site from; its chargers stay grouped, a tenth of the size of a list of chargers."""
    payload = site.model_dump(mode="json")
    payload["public"] = site.public is not False
    return payload


def _unnamed_template(site: BulkOcpiLocationInput) -> str | None:
    """The template of a site that leaves its identities to the gateway."""
    chosen = site.from_template and site.from_template.value
    return chosen.template if chosen and not templates.has_own_prefix(chosen.overrides) else None


def _whole_site(site: BulkOcpiLocationInput, infix: str, ws_url: str, index: int) -> CreateOcpiLocationInput:
    if site.from_template is not None:
        chosen = site.from_template.value
        return templates.expand(chosen.template, chosen.overrides, index=index, ws_url=ws_url, infix=infix)
    if site.location is None:
        raise InvalidRequest("Give location or fromTemplate.", [FieldError(("locations", index), "is empty")])
    return site.location.value


def _charger_items(groups: Sequence[ChargerGroupInput]) -> list[NewItem]:
    """One item a charger, group by group."""
    items = []
    for number, group in enumerate(groups):
        template = group.template.model_dump(mode="json")
        template["ocpp_version"] = group.template.ocpp_version or OcppVersion.OCPP_1_6
        for suffix in _suffixes(group, number):
            payload = {**template, "group": number, "suffix": suffix}
            items.append(NewItem(f"{template['identity_prefix'] or ''}{suffix}", payload))
    return items


def _suffixes(group: ChargerGroupInput, number: int) -> list[str]:
    """The given ids, cut or padded with random ones to the number where one is given (REST contract §6.2)."""
    given, wanted = group.charger_ids or [], _wanted(group)
    if not wanted:
        message = "give charger_ids, chargers_number or both"
        raise InvalidRequest(message, [FieldError(("groups", number, "charger_ids"), message, "missing")])
    return given[:wanted] + [secrets.token_hex(SUFFIX_BYTES) for _ in range(wanted - len(given))]


def _wanted(group: ChargerGroupInput) -> int:
    return group.chargers_number or len(group.charger_ids or [])


def _check_number(chargers: int, most: int, field: str) -> None:
    """Raises InvalidRequest where a request asks for more chargers than one may."""
    if chargers > most:
        message = "asks for more chargers than one request may create"
        raise InvalidRequest(f"One request may create at most {most:,} chargers.", [FieldError((field,), message)])
