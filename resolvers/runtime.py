"""What is done to a charger as a deployment: changed, deleted, started, stopped, reset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import Some

from errors import Conflict, InvalidInput, NotFound
from resolvers.context import Context
from resolvers.inputs import ChargerChanges
from resolvers.placing import placing, refused
from storage import chargers as store
from storage import locations
from storage.equipment import Equipment, ItemFailed, find_equipment, load_catalog
from storage.locations import place_at
from storage.models import Charger, ProvisioningStatus, RuntimeStatus
from storage.moves import rewire

REWIRING = {"connector_type", "location_id"}

LocationName = Some[str | None] | None


@dataclass(frozen=True)
class ChargerChange:
    """One item of a bulk update. `location_name` is only told to the runtime."""

    charger_id: str
    changes: ChargerChanges
    location_name: LocationName = None


@dataclass(frozen=True)
class ItemFailure:
    """A charger of a bulk request that stayed as it was, and why."""

    charger_id: str
    error: str


@dataclass(frozen=True)
class RuntimeAction:
    """What was done to a charger's runtime, and what its provider says of it now."""

    charger: Charger
    event_type: str
    payload: Mapping[str, Any]


async def update_charger(
    ctx: Context, id: str, changes: ChargerChanges, *, location_name: LocationName = None
) -> Charger:
    """Changes what `changes` gives; a charger that should connect otherwise reconnects.

    Raises InvalidInput for an unknown location and a connector that the model lacks.
    """
    row = await _update(ctx, ChargerChange(id, changes, location_name))
    await ctx.services.fleet.apply([row.id])
    return row


async def update_chargers(
    ctx: Context, location_id: str, items: Sequence[ChargerChange]
) -> tuple[list[Charger], list[ItemFailure]]:
    """Changes chargers of a site, each by itself; one that is not there, or can't be changed so, fails alone."""
    updated: list[Charger] = []
    failed: list[ItemFailure] = []
    for item in items:
        try:
            updated.append(await _update(ctx, item, location_id=location_id))
        except (NotFound, InvalidInput, Conflict) as exc:
            failed.append(ItemFailure(item.charger_id, str(exc)))
    await ctx.services.fleet.apply([row.id for row in updated])
    return updated, failed


async def delete_charger(ctx: Context, id: str, *, missing_ok: bool = False) -> None:
    """Deletes a charger; its runtime stops."""
    async with ctx.write() as session:
        await store.lock_sites(session, id)
        row = await store.get(session, id, to_change=True)
        if row is None and not missing_ok:
            raise _missing(id)
        if row is not None:
            await store.take_away(session, [row.id])
    await ctx.services.fleet.apply([id] if row else [])


async def delete_chargers(ctx: Context, location_id: str, ids: Sequence[str]) -> tuple[list[str], list[ItemFailure]]:
    """Deletes chargers of a site, in one transaction; one that is not there fails alone."""
    async with ctx.write() as session:
        await locations.get(session, location_id, to_change=True)
        here = set(await store.ids_at(session, location_id, ids))
        await store.take_away(session, list(here))
    deleted = [id for id in dict.fromkeys(ids) if id in here]
    await ctx.services.fleet.apply(deleted)
    return deleted, [ItemFailure(id, str(_missing(id))) for id in dict.fromkeys(ids) if id not in here]


async def start_charger(ctx: Context, id: str) -> RuntimeAction:
    """Gives a charger its power. One that runs goes on."""
    row = await _power(ctx, id, on=True)
    await ctx.services.fleet.apply([id])
    return await _done(ctx, row, "start_charger")


async def stop_charger(ctx: Context, id: str) -> RuntimeAction:
    """Cuts a charger's power."""
    row = await _power(ctx, id, on=False)
    await ctx.services.fleet.apply([id])
    return await _done(ctx, row, "stop_charger")


async def reset_charger(ctx: Context, id: str) -> RuntimeAction:
    """Cuts a charger's power and gives it back."""
    row = await _power(ctx, id, on=True)
    await ctx.services.fleet.apply([id])
    await ctx.services.fleet.restart(row)
    return await _done(ctx, row, "reset_charger")


async def _done(ctx: Context, row: Charger, event_type: str) -> RuntimeAction:
    return RuntimeAction(row, event_type, await ctx.services.fleet.facts(row))


async def _power(ctx: Context, id: str, *, on: bool) -> Charger:
    async with ctx.write() as session:
        row = await _get(session, id)
        if row.status != ProvisioningStatus.READY:
            raise Conflict(f"Charger {id} is {row.status}; it can be started and stopped once it is READY.")
        if row.desired_running != on:
            row.desired_running = on
            row.runtime_status = RuntimeStatus.STARTING if on else RuntimeStatus.STOPPED
            row.connected = False
            row.touch()
    return row


async def _update(ctx: Context, item: ChargerChange, *, location_id: str | None = None) -> Charger:
    async def change(session: AsyncSession) -> Charger:
        values = _given(item)
        if REWIRING & values.keys():
            await store.lock_sites(session, item.charger_id, values.get("location_id"))
        row = await _get(session, item.charger_id)
        if location_id is not None and row.location_id != location_id:
            raise _missing(item.charger_id)
        if values:
            await _change(session, row, values)
        return row

    return await placing(ctx, change)


async def _change(session: AsyncSession, row: Charger, values: dict[str, Any]) -> None:
    if values.get("location_id") is not None and await place_at(session, values["location_id"]) is None:
        raise refused("location_id", f"There is no location {values['location_id']}.", "location_not_found")
    rewires = any(name in values and getattr(row, name) != values[name] for name in REWIRING)
    left = row.location_id
    for name, value in values.items():
        setattr(row, name, value)
    if rewires:
        await session.run_sync(rewire, row, await _equipment(session, row), left)
    if "location_name" in values:
        row.location_name = values["location_name"]  # what the client says, whatever the site is called
    row.touch()


async def _equipment(session: AsyncSession, row: Charger) -> Equipment:
    catalog = await session.run_sync(load_catalog)
    try:
        return find_equipment(catalog, row.brand_slug, row.model_slug, row.connector_type)
    except ItemFailed as exc:
        raise refused(exc.param or "connector_type", str(exc), exc.code) from exc


def _given(item: ChargerChange) -> dict[str, Any]:
    """The columns that an item gives, with their new values."""
    fields = {name: getattr(item.changes, name) for name in ChargerChanges.model_fields}
    fields["name"] = fields.pop("charge_point_name")
    fields["location_name"] = item.location_name
    return {name: some.value for name, some in fields.items() if some is not None}


async def _get(session: AsyncSession, id: str) -> Charger:
    row = await store.get(session, id, to_change=True)
    if row is None:
        raise _missing(id)
    return row


def _missing(id: str) -> NotFound:
    return NotFound(f"There is no charger {id!r}.")
