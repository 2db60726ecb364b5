"""Units that are OCPI locations: one site with all its chargers, of a bulk request or of a new network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from jobs.chargers import new_charger
from storage.bulk import Batch
from storage.equipment import Catalog, ItemFailed
from storage.keys import charger_key, item_key
from storage.models import Job, JobItem, ProvisioningStatus, utc_now
from storage.provision import NewCharger, Provisioning, add_chargers, add_ocpi_location
from storage.work import Made


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
        key = item_key(job.id, item.index)
        wanted = [
            (group["template"], suffix, f"charger-{item.index}-{number}-{suffix}")
            for number, group in enumerate(item.payload["charges"] or [])
            for suffix in group["charger_ids"]
        ]
        chargers = [
            new_charger(catalog, template, suffix, key=charger_key(key, position), step=step)
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

    def write(self, batch: Batch) -> None:
        at = utc_now()
        # another slug at each attempt: 8 hex digits do collide among thousands of sites of one name
        salt = uuid5(self.key, f"slug-{self.attempt}")
        place = add_ocpi_location(
            batch.insert, self.key, network_id=self.network_id, site=self.site, slug_salt=salt, at=at
        )
        add_chargers(batch.insert, self.chargers, place, Provisioning(ProvisioningStatus.READY, self.run_id, at))
