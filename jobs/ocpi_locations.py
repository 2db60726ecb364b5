"""Units that are OCPI locations: one site with all its chargers, of a bulk request or of a new network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from jobs.chargers import new_charger
from storage.models import Job, JobItem, ProvisioningStatus, utc_now
from storage.provision import Catalog, ItemFailed, NewCharger, Provisioning, Put, add_chargers, add_ocpi_location
from storage.session import TenantSession
from storage.work import Made

KEY_BITS = 24  # of a site's key make room for the positions of its chargers


@dataclass(frozen=True)
class OcpiLocationUnit:
    """A site of a network with its chargers."""

    key: UUID
    run_id: str
    network_id: int
    site: dict[str, Any]
    chargers: list[NewCharger]
    step: str
    attempt: int

    @classmethod
    def prepare(cls, job: Job, item: JobItem, catalog: Catalog) -> OcpiLocationUnit:
        step = f"location-{item.index}"
        if job.network_id is None:
            raise ItemFailed("cpo_gone", "The network was deleted.", param="cpo_id", step=step)
        key = uuid5(UUID(job.id), f"location-{item.index}")
        wanted = [
            (group["template"], suffix, f"charger-{item.index}-{number}-{suffix}")
            for number, group in enumerate(item.payload["charges"] or [])
            for suffix in group["charger_ids"]
        ]
        chargers = [
            new_charger(catalog, template, suffix, key=_in_order(key, position), step=step)
            for position, (template, suffix, step) in enumerate(wanted)
        ]
        site = {**item.payload, **item.payload["coordinates"]}
        return cls(key, job.workflow_run_id or "", job.network_id, site, chargers, step, item.attempts)

    @property
    def identities(self) -> list[str]:
        return [charger.identity for charger in self.chargers]

    @cached_property
    def made(self) -> Made:
        return Made(ocpi_location_id=f"loc-{self.key.hex}", deploy=[charger.id for charger in self.chargers])

    def write(self, _session: TenantSession, put: Put) -> None:
        at = utc_now()
        # another slug at each attempt: 8 hex digits do collide among thousands of sites of one name
        salt = uuid5(self.key, f"slug-{self.attempt}")
        place = add_ocpi_location(put, self.key, network_id=self.network_id, site=self.site, slug_salt=salt, at=at)
        add_chargers(put, self.chargers, place, Provisioning(ProvisioningStatus.READY, self.run_id, at))


def _in_order(key: UUID, position: int) -> UUID:
    """A key for one charger of the site; keys sort as the chargers stand in the request."""
    return UUID(int=(key.int >> KEY_BITS << KEY_BITS) + position)
