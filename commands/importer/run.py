"""The import itself: batch after batch, each its own job, refused rows taken out and the rest sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from commands.api.answers import Refused
from commands.api.client import Client
from commands.importer.calls import bulk_create, network_status
from commands.importer.rows import Row, Source
from commands.importer.sites import Chargers, Site, batch_key, make_sites

NETWORK_POLL_S = 1.0
DIVISIBLE = {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX", "TOO_LARGE"}  # a smaller batch may be accepted


class View(Protocol):
    """Where the import shows how far it is."""

    def note(self, text: str) -> None:
        """Tells one thing."""
        ...

    def show(self, done: int, failed: int) -> None:
        """Shows how many rows are dealt with, and how many of them failed."""
        ...


@dataclass(frozen=True)
class Failure:
    """A row that was not created, and why."""

    row: Row
    code: str
    reason: str


@dataclass
class Import:
    """One run. `created` and `failures` are true at any time, `unsent` tells the sites nobody was asked about."""

    client: Client
    cpo_id: str
    view: View
    created: int = 0
    failures: list[Failure] = field(default_factory=list)
    unsent: int = 0

    async def run(self, source: Source, chargers: Chargers, batch_size: int) -> None:
        """Imports every row. Raises Refused and Unreachable where it can't go on."""
        self.failures += [Failure(row, "unreadable", row.problem) for row in source.rows if row.problem]
        sites = make_sites(source.rows, chargers)
        self.unsent = len(sites)
        await self._network_ready()
        for start in range(0, len(sites), batch_size):
            await self._create(source.digest, sites[start : start + batch_size])

    async def _network_ready(self) -> None:
        while (status := await network_status(self.client, self.cpo_id)) != "READY":
            if status is None:
                raise Refused("NOT_FOUND", f"There is no network {self.cpo_id} in this organization.")
            if status == "FAILED":
                raise Refused("CONFLICT", f"Network {self.cpo_id} could not be provisioned.")
            self.view.note(f"Network {self.cpo_id} is being provisioned; waiting.")
            await asyncio.sleep(NETWORK_POLL_S)

    async def _create(self, digest: str, batch: Sequence[Site]) -> None:
        """Has a batch created. Rows that the gateway names as wrong fail; without names the batch is halved."""
        pending = [list(batch)]
        while pending:
            sites = pending.pop()
            try:
                job_id = await self._accepted(digest, sites)
            except Refused as refusal:
                pending += self._divided(sites, refusal)
                continue
            await self._finished(job_id, sites)

    async def _accepted(self, digest: str, sites: Sequence[Site]) -> str:
        key = batch_key(digest, self.cpo_id, sites)
        return await bulk_create(self.client, self.cpo_id, [site.location for site in sites], key)

    def _divided(self, sites: list[Site], refusal: Refused) -> list[list[Site]]:
        """What is left to send after a refusal."""
        if refusal.code not in DIVISIBLE:
            raise refusal
        reasons = _reasons(refusal, len(sites))
        if reasons:
            for index, reason in sorted(reasons.items()):
                self._fail(sites[index], refusal.code, reason)
            rest = [site for index, site in enumerate(sites) if index not in reasons]
            return [rest] if rest else []
        if len(sites) == 1:
            self._fail(sites[0], refusal.code, str(refusal))
            return []
        middle = len(sites) // 2
        return [sites[middle:], sites[:middle]]

    async def _finished(self, job_id: str, sites: Sequence[Site]) -> None:
        """Waits for a job, showing its progress, and takes over what became of its items."""
        async for progress in self.client.watch(job_id):
            done = self.created + len(self.failures) + progress.succeeded + progress.failed
            self.view.show(done, len(self.failures) + progress.failed)
        result = await self.client.result(job_id)
        self.created += result.succeeded
        self.unsent -= len(sites)
        for index, (code, reason) in sorted(result.failed.items()):
            self.failures.append(Failure(sites[index].row, code, reason))
        self.view.show(self.created + len(self.failures), len(self.failures))

    def _fail(self, site: Site, code: str, reason: str) -> None:
        self.failures.append(Failure(site.row, code, reason))
        self.unsent -= 1


def _reasons(refusal: Refused, count: int) -> dict[int, str]:
    """Why each row was refused, by its index in the batch; empty where the refusal names no row."""
    reasons: dict[int, list[str]] = {}
    for found in refusal.fields:
        path = found.get("path", [])
        if path[:2] == ["input", "locations"] and len(path) > 2 and isinstance(path[2], int) and path[2] < count:
            reasons.setdefault(path[2], []).append(f"{_where(path[3:])}{found.get('message')}")
    return {index: "; ".join(texts) for index, texts in reasons.items()}


def _where(path: Sequence[Any]) -> str:
    steps = [str(step) for step in path if step != "location"]
    return f"{'.'.join(steps)}: " if steps else ""
