"""Plays a scenario through the API, and remembers what came of each step."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from commands.api.answers import Refused
from commands.api.client import Client
from commands.scenario.plan import AnyStep, Charge, Fault, Network, Plan, Plug, Power, Start, Wait, Weather

POLL_S = 0.25
PAGE = 100
SLICES_PER_MINUTE = 30  # of a ramp
AT_ONCE = 50

CREATE_LOCATION = "mutation($input: CreateLocationInput!) { createLocation(input: $input) { location { id } } }"
DELETE_LOCATION = "mutation($id: ID!) { deleteLocation(input: {id: $id}) { deletedId } }"
CREATE_CHARGERS = "mutation($input: BulkCreateChargersInput!) { bulkCreateChargers(input: $input) { job { id } } }"
CHARGERS = """query($id: ID!, $after: String) { location(id: $id) { chargers(first: 100, after: $after) {
    nodes { id identity runtime { connected } evses { status lastUpdated } } pageInfo { hasNextPage endCursor }
} } }"""
COMMAND = """mutation($input: {input}!) {{ {name}(input: $input) {{ queuedCount failed {{ identity error }} }} }}"""
RESET = "mutation($id: ID!) { resetCharger(input: {id: $id}) { charger { id } } }"

UNIFIED = {"plug": "plugConnector", "unplug": "unplugConnector", "stop": "stopSession"}


@dataclass
class StepReport:
    """What came of a step: how many chargers it was for, how many did it, and why the others did not."""

    name: str
    targeted: int = 0
    done: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        return self.targeted - self.done


@dataclass
class Report:
    """What came of a scenario."""

    name: str
    steps: list[StepReport] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(step.failed for step in self.steps)


class Play:
    """One run of a scenario. The same seed picks the same chargers, in the order of their identities."""

    def __init__(self, client: Client, plan: Plan, csms_url: str) -> None:
        self._client = client
        self._plan = plan
        self._csms_url = csms_url
        self._chance = random.Random(plan.seed)
        self._location_id = ""
        self._chargers: list[str] = []
        self.report = Report(plan.name)

    async def run(self) -> Report:
        """Plays every step, whatever became of the one before, and cleans up. Raises Refused and Unreachable."""
        self._location_id = await self._create_location()
        try:
            await self._timed("create", self._create_chargers)
            for step in self._plan.steps:
                await self._timed(step.do, partial(self._step, step))
        finally:
            if not self._plan.keep:
                await self._client.execute(DELETE_LOCATION, id=self._location_id)
        return self.report

    async def _timed(self, name: str, work: Any) -> None:
        report = StepReport(name)
        self.report.steps.append(report)
        started = time.monotonic()
        await work(report)
        report.seconds = time.monotonic() - started

    async def _create_location(self) -> str:
        site = {
            "name": self._plan.name,
            "address": "Scenario",
            "city": "Scenario",
            "country": "DE",
            "coordinates": {"latitude": 0.0, "longitude": 0.0},
        }
        data = await self._client.execute(CREATE_LOCATION, input=site)
        return str(data["createLocation"]["location"]["id"])

    async def _create_chargers(self, report: StepReport) -> None:
        """Creates the chargers, slice by slice where there is a ramp, and waits until they are connected."""
        wanted = self._plan.chargers
        report.targeted = wanted.count
        slices = max(1, min(wanted.count, round(wanted.ramp_minutes * SLICES_PER_MINUTE)))
        pause_s = wanted.ramp_minutes * 60 / slices
        started = time.monotonic()
        for number in range(1, slices + 1):
            first = wanted.count * (number - 1) // slices
            job_id = await self._create_some(first, wanted.count * number // slices - first)
            await self._until_made(job_id, report)
            await asyncio.sleep(max(0.0, started + number * pause_s - time.monotonic()))
        made = wanted.count - report.reasons.total()
        report.done = await self._until_connected(made)
        if report.done < made:
            report.reasons["not connected in time"] = made - report.done
        found = sorted(await self._read(), key=lambda charger: charger["identity"])
        self._chargers = [charger["id"] for charger in found]
        if wanted.network is not None:
            await self._set_network(wanted.network)

    async def _create_some(self, first: int, count: int) -> str:
        """Has a slice of the chargers accepted; gives the id of its job."""
        wanted = self._plan.chargers
        template = {
            "brandSlug": wanted.brand_slug,
            "modelSlug": wanted.model_slug,
            "connectorType": wanted.connector_type,
            "ocppVersion": wanted.ocpp_version.replace("OCPP", "OCPP_").replace(".", "_"),
            "wsUrl": wanted.ws_url or self._csms_url,
            "identityPrefix": f"{wanted.identity_prefix}{self._location_id[-6:]}-",
        }
        ids = [f"{number:05}" for number in range(first, first + count)]
        groups = [{"template": template, "chargerIds": ids[at : at + 1000]} for at in range(0, count, 1000)]
        data = await self._client.execute(CREATE_CHARGERS, input={"locationId": self._location_id, "groups": groups})
        return str(data["bulkCreateChargers"]["job"]["id"])

    async def _until_made(self, job_id: str, report: StepReport) -> None:
        """Waits for the end of a job, and remembers why it could not make some of its chargers."""
        async for _ in self._client.watch(job_id):
            pass
        result = await self._client.result(job_id)
        report.reasons.update(message for _, message in result.failed.values())

    async def _step(self, step: AnyStep, report: StepReport) -> None:
        if isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
            return
        if isinstance(step, Weather):
            await self._set_network(step)
            report.targeted = report.done = len(self._chargers)
            return
        chosen = self._chosen(step.share)
        report.targeted = len(chosen)
        await self._each(step, chosen, report)

    async def _each(self, step: Plug | Start | Charge | Fault | Power, chosen: list[str], report: StepReport) -> None:
        match step:
            case Start():
                event: dict[str, Any] = {"idTag": step.id_tag, "durationSeconds": step.duration_seconds}
                await self._command("startSession", chosen, event, report)
            case Charge():
                await self._charge(step, chosen, report)
            case Power():
                await self._command("powerUpdate", chosen, {"powerW": step.power_w}, report)
            case Fault():
                await self._singly("injectFault", chosen, {"faultType": step.fault_type}, report)
            case Plug(do="repair"):
                await self._singly("clearFault", chosen, {}, report)
            case Plug(do="reconnect_storm"):
                await self._storm(chosen, report)
            case Plug():
                await self._command(UNIFIED[step.do], chosen, {}, report)

    async def _command(self, name: str, ids: Sequence[str], event: dict[str, Any], report: StepReport) -> set[str]:
        """One command to many chargers of the location; gives the identities of those that refused it."""
        target = {"locationId": self._location_id, "chargerIds": list(ids)}
        return await self._send(name, {"target": target, **event}, report)

    async def _singly(self, name: str, ids: Sequence[str], event: dict[str, Any], report: StepReport) -> None:
        """A command that takes one charger, to each of them."""
        await _one_by_one(ids, lambda id: self._send(name, {"target": {"chargerId": id}, **event}, report), report)

    async def _send(self, name: str, input: dict[str, Any], report: StepReport) -> set[str]:
        document = COMMAND.format(name=name, input=f"{name[0].upper()}{name[1:]}Input")
        outcome = (await self._client.execute(document, input=input))[name]
        report.done += outcome["queuedCount"]
        report.reasons.update(failure["error"] for failure in outcome["failed"])
        return {failure["identity"] for failure in outcome["failed"]}

    async def _storm(self, ids: Sequence[str], report: StepReport) -> None:
        """Cuts the power of all of them, and waits until they are back."""
        cut = await _one_by_one(ids, lambda id: self._client.execute(RESET, id=id), report)
        report.done = await self._until_connected(len(cut), among=cut)
        if report.done < len(cut):
            report.reasons["not back in time"] = len(cut) - report.done

    async def _set_network(self, network: Network) -> None:
        conditions = network.model_dump(include=set(Network.model_fields))
        names = {name: "".join(_camel(name)) for name in conditions}
        event = {names[name]: value for name, value in conditions.items()}
        input = {"target": {"locationId": self._location_id}, "seed": self._plan.seed, **event}
        document = COMMAND.format(name="setNetworkConditions", input="SetNetworkConditionsInput")
        await self._client.execute(document, input=input)

    async def _until_connected(self, count: int, *, among: Collection[str] | None = None) -> int:
        """How many (of these) are connected, once it is so many or the patience is over."""
        end = time.monotonic() + self._plan.boot_seconds
        while True:
            asked = [charger for charger in await self._read() if among is None or charger["id"] in among]
            connected = [charger["runtime"]["connected"] for charger in asked].count(True)
            if connected >= count or time.monotonic() > end:
                return connected
            await asyncio.sleep(POLL_S)

    async def _charge(self, step: Charge, chosen: list[str], report: StepReport) -> None:
        """Starts sessions and waits until each has charged; those that have not at the end have failed."""
        before = {charger["id"]: charger for charger in await self._read() if charger["id"] in set(chosen)}
        event = {"idTag": step.id_tag, "targetEnergyKwh": step.target_energy_kwh}
        refused = await self._command("startSession", chosen, event, report)
        left = {id: charger for id, charger in before.items() if charger["identity"] not in refused}
        end = time.monotonic() + step.patience_seconds
        while left and time.monotonic() < end:
            await asyncio.sleep(POLL_S)
            charged = {c["id"] for c in await self._read() if c["id"] in left and _has_charged(c, left[c["id"]])}
            left = {id: charger for id, charger in left.items() if id not in charged}
        if left:
            report.done -= len(left)
            report.reasons["not charged in time"] += len(left)

    async def _read(self) -> list[dict[str, Any]]:
        """The chargers as they are now."""
        found: list[dict[str, Any]] = []
        after, more = None, True
        while more:
            page = (await self._client.execute(CHARGERS, id=self._location_id, after=after))["location"]["chargers"]
            found += page["nodes"]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    def _chosen(self, share: float) -> list[str]:
        count = max(1, round(share * len(self._chargers)))
        return self._chance.sample(self._chargers, min(count, len(self._chargers)))


async def _one_by_one(ids: Sequence[str], do: Callable[[str], Awaitable[object]], report: StepReport) -> set[str]:
    """Does something with each charger, with so many at a time; gives those that did not refuse it."""
    gate = asyncio.Semaphore(AT_ONCE)
    done: set[str] = set()

    async def one(id: str) -> None:
        async with gate:
            try:
                await do(id)
            except Refused as refusal:
                report.reasons[str(refusal)] += 1
            else:
                done.add(id)

    await asyncio.gather(*(one(id) for id in ids))
    return done


def _has_charged(charger: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether its EVSEs have changed since and none of them is busy that was not; one that is away may still be."""
    pairs = [
        (evse, former)
        for evse, former in zip(charger["evses"], before["evses"], strict=True)
        if len(before["evses"]) == 1 or former["status"] != "CHARGING"
    ]
    has_changed = any(evse != former for evse, former in pairs)
    return has_changed and all(evse["status"] not in ("CHARGING", "UNKNOWN") for evse, _ in pairs)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
