"""Chargers that run, connected to a recording CSMS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Select, select

from storage.bulk import insert_rows
from storage.equipment import Equipment
from storage.models import (
    ChargePoint,
    ChargePointConnector,
    Charger,
    Evse,
    EvseStatus,
    OcppVersion,
    ProvisioningStatus,
    utc_now,
)
from storage.provision import NewCharger, Place, Provisioning, add_chargers
from tests.support.csms import Csms, Station
from tests.support.gateway import Tenant

DEADLINE_S = 8.0
POLL_S = 0.05

Value = TypeVar("Value")


async def eventually(read: Callable[[], Awaitable[Value]], wanted: Callable[[Value], object]) -> Value:
    """Reads until what is read is as wanted; gives it. Fails at the deadline with what it was last."""
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while True:
        value = await read()
        if wanted(value):
            return value
        assert asyncio.get_running_loop().time() < end, f"timed out at {value}"
        await asyncio.sleep(POLL_S)


@dataclass(frozen=True)
class Deployed:
    """A charger of a tenant."""

    tenant: Tenant
    id: str
    identity: str

    async def does(self, mutation: str, fields: str = "", **input: Any) -> dict[str, Any]:
        """The payload of a command that the charger takes; `fields` are those of its own answer."""
        result = await self._send(mutation, fields, input)
        assert "errors" not in result, result["errors"]
        payload: dict[str, Any] = result["data"][mutation]
        assert payload["failed"] == [], payload["failed"]
        return payload

    async def refuses(self, mutation: str, **input: Any) -> str:
        """The reason why the charger can't take a command."""
        result = await self._send(mutation, "", input)
        if "errors" in result:
            return str(result["errors"][0]["message"])
        [failure] = result["data"][mutation]["failed"]
        return str(failure["error"])

    async def runtime(self, action: str) -> dict[str, Any]:
        """The answer to start, stop or reset."""
        status, body = await self.tenant.rest("POST", f"/ocpp/chargers/{self.id}/{action}-charger", json={})
        assert status == 202, body
        answer: dict[str, Any] = body
        return answer

    async def _send(self, mutation: str, fields: str, input: dict[str, Any]) -> dict[str, Any]:
        name = mutation[0].upper() + mutation[1:]
        document = f"""mutation($input: {name}Input!) {{
            {mutation}(input: $input) {{
                targetedCount queuedCount failedCount results {{ charger {{ id }} command {{ eventType payload }} }}
                failed {{ identity error }} {fields}
            }}
        }}"""
        return await self.tenant.graphql(document, input={"target": {"chargerId": self.id}, **input})

    async def row(self) -> Charger:
        """Its row now."""
        async with self.tenant.gateway.services.database.read(self.tenant.organization_id) as session:
            return await session.get_one(Charger, self.id)

    async def update(self, **values: Any) -> None:
        """Changes its row as an update by a client does."""
        services = self.tenant.gateway.services
        async with services.database.write(self.tenant.organization_id) as session:
            charger = await session.get_one(Charger, self.id)
            for name, value in values.items():
                setattr(charger, name, value)
        await services.fleet.apply([self.id])

    async def evse_shows(self, status: EvseStatus, connector: int = 1) -> None:
        """Waits until the EVSE of a connector has this status."""
        own = select(Evse.status).where(Evse.charger_id == self.id, Evse.connector_number == connector)
        await eventually(lambda: self._scalar(own), lambda found: found == status)

    async def ocpp_status(self, connector: int = 1) -> str:
        """The status of a connector as its version names it."""
        own = Charger.id == self.id, ChargePointConnector.connector_number == connector
        both = ChargePointConnector.charge_point_id == Charger.charge_point_id
        status: str = await self._scalar(select(ChargePointConnector.ocpp_status).where(*own, both))
        return status

    async def registration(self) -> str | None:
        """What its CSMS said to its last BootNotification."""
        async with self.tenant.gateway.services.database.read(self.tenant.organization_id) as session:
            charger = await session.get_one(Charger, self.id)
            return (await session.get_one(ChargePoint, charger.charge_point_id)).registration_status

    async def memory(self) -> dict[str, Any]:
        """What its charge point remembers on disk."""
        async with self.tenant.gateway.services.database.read(self.tenant.organization_id) as session:
            charger = await session.get_one(Charger, self.id)
            return (await session.get_one(ChargePoint, charger.charge_point_id)).configuration

    async def periodic_samples(self, count: int, connector: int = 1) -> None:
        """Waits until so many are kept on disk for the end of the running transaction."""

        def kept(memory: dict[str, Any]) -> bool:
            samples = memory["connectors"][str(connector)]["transaction"]["samples"]
            return len([sample for sample in samples if sample["context"] == "Sample.Periodic"]) >= count

        await eventually(self.memory, kept)

    async def _scalar(self, statement: Select[Any]) -> Any:
        async with self.tenant.gateway.services.database.read(self.tenant.organization_id) as session:
            return (await session.execute(statement)).scalar_one()

    async def shows(self, field: str, wanted: Callable[[Any], bool]) -> Any:
        """Waits until a field of its row is as wanted; gives it."""
        row = await eventually(self.row, lambda row: wanted(getattr(row, field)))
        return getattr(row, field)


async def deploy(
    tenant: Tenant,
    ws_url: str,
    *,
    version: OcppVersion = OcppVersion.OCPP_1_6,
    connectors: int = 1,
    count: int = 1,
    location_id: str | None = None,
    memory: dict[str, Any] | None = None,
    identity: str | None = None,
    power_w: int = 22_000,
    connector_type: str = "Type2",
) -> list[Deployed]:
    """Chargers with their rows in the database, started as a finished job starts them."""
    equipment = Equipment("brand", "model", "Acme", "Model S", None, connectors, "ac", power_w, (connector_type,))
    new = [
        NewCharger(key := uuid4(), identity or f"CP-{key.hex[:12]}", None, connector_type, version, ws_url, equipment)
        for _ in range(count)
    ]
    services, at = tenant.gateway.services, utc_now()
    provisioning = Provisioning(ProvisioningStatus.READY, "wfr_test", at)
    async with services.database.write(tenant.organization_id) as session:
        await session.run_sync(
            lambda sync: add_chargers(partial(insert_rows, sync), new, Place(location_id), provisioning)
        )
        if memory is not None:
            for row in [await session.get_one(Charger, charger.id) for charger in new]:
                (await session.get_one(ChargePoint, row.charge_point_id)).configuration = memory
    await services.fleet.apply([charger.id for charger in new])
    return [Deployed(tenant, charger.id, charger.identity) for charger in new]


async def booted(
    tenant: Tenant, csms: Csms, *, version: OcppVersion = OcppVersion.OCPP_1_6, **options: Any
) -> tuple[Deployed, Station]:
    """One charger that has booted and reported each of its connectors."""
    [charger] = await deploy(tenant, csms.url, version=version, **options)
    station = await csms.station(charger.identity)
    await station.receives("StatusNotification", options.get("connectors", 1))
    return charger, station


async def asked_power(station: Station, connector: int = 1) -> float:
    """What the meter of a running transaction reads in W when the CSMS asks for it."""
    return (await asked(station, connector))["Power.Active.Import"]


async def asked(station: Station, connector: int = 1) -> dict[str, float]:
    """All that the meter of a running transaction reads when the CSMS asks for it, by measurand."""
    is_old = station.version == "1.6"
    message = "MeterValues" if is_old else "TransactionEvent"
    where: dict[str, Any] = {"connectorId": connector} if is_old else {"evse": {"id": connector}}
    told = len(station.sent(message))
    await station.call("TriggerMessage", {"requestedMessage": message, **where})
    values = await station.until(lambda s: _triggered(s.sent(message)[told:], connector))
    return {sample["measurand"]: float(sample["value"]) for sample in values[-1]["sampledValue"]}


def _triggered(payloads: list[dict[str, Any]], connector: int) -> list[dict[str, Any]]:
    """The meter values of a connector that were asked for."""
    own = [
        payload for payload in payloads if connector in (payload.get("connectorId"), payload.get("evse", {}).get("id"))
    ]
    values = [value for payload in own for value in payload.get("meterValue", [])]
    return [value for value in values if value["sampledValue"][0]["context"] == "Trigger"]


def remembering(**keys: Any) -> dict[str, Any]:
    """A memory with these configuration keys; `__` stands for the dot of a 2.0.1 variable."""
    return {"keys": {name.replace("__", "."): str(value) for name, value in keys.items()}}


def payloads(stations: Iterable[Station], action: str) -> list[dict[str, Any]]:
    """The payloads of an action, of all these chargers."""
    return [payload for station in stations for payload in station.sent(action)]
