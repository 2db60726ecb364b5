"""Units that are chargers: those of a bulk request at one location, and the single charger of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, null, select, update

from storage.bulk import Batch
from storage.equipment import Catalog, ItemFailed, find_equipment
from storage.keys import item_key
from storage.models import Charger, Job, JobItem, ProvisioningStatus, utc_now
from storage.provision import IDENTITY_LENGTH, NewCharger, Provisioning, add_chargers, find_place
from storage.work import Made

_chargers = cast("Table", Charger.__table__)


@dataclass(frozen=True)
class BulkCharger:
    """One charger of a bulk request."""

    run_id: str
    location_id: str | None
    charger: NewCharger
    step: str

    @classmethod
    def prepare(cls, job: Job, item: JobItem, catalog: Catalog) -> BulkCharger:
        template, suffix = item.payload, item.payload["suffix"]
        step = f"charger-0-{template['group']}-{suffix}"
        charger = new_charger(catalog, template, suffix, key=item_key(job.id, item.index), step=step)
        return cls(job.workflow_run_id or "", job.location_id, charger, step)

    @property
    def identities(self) -> list[str]:
        return [self.charger.identity]

    @cached_property
    def made(self) -> Made:
        return Made(charger_id=self.charger.id, deploy=[self.charger.id])

    def write(self, batch: Batch) -> None:
        place = find_place(batch.session, self.location_id)
        if place is None:
            raise ItemFailed("location_not_found", "The location was deleted.", param="location_id", step=self.step)
        add_chargers(
            batch.insert, [self.charger], place, Provisioning(ProvisioningStatus.READY, self.run_id, utc_now())
        )


@dataclass(frozen=True)
class SingleCharger:
    """The charger of one request: its rows were written when it was accepted, here it becomes ready and starts."""

    charger_id: str
    identity: str
    step: str

    @classmethod
    def prepare(cls, _job: Job, item: JobItem, _catalog: Catalog) -> SingleCharger:
        if item.charger_id is None:
            raise ItemFailed("charger_not_found", "The charger was deleted.")
        return cls(item.charger_id, item.payload["identity"], f"charger-0-0-{item.payload['identity']}")

    @property
    def identities(self) -> list[str]:
        return [self.identity]

    @cached_property
    def made(self) -> Made:
        return Made(charger_id=self.charger_id, deploy=[self.charger_id])

    def write(self, batch: Batch) -> None:
        # changed behind its item, as by who cancels the job; until then, nobody deletes it
        there = select(Charger.id).where(Charger.id == self.charger_id).with_for_update(read=True, key_share=True)
        if batch.session.scalars(there).one_or_none() is None:
            raise ItemFailed("charger_not_found", "The charger was deleted before it was ready.", step=self.step)
        batch.execute(_MAKE_READY, of_charger=self.charger_id, at=utc_now())


_MAKE_READY = (
    update(_chargers)
    .where(_chargers.c.id == bindparam("of_charger"), _chargers.c.organization_id == bindparam("tenant"))
    .values(
        status=ProvisioningStatus.READY,
        error=null(),  # of an earlier job that did not come to its end
        provisioned_at=bindparam("at"),
        desired_running=True,
        updated_at=bindparam("at"),
    )
)


def new_charger(catalog: Catalog, template: Mapping[str, Any], suffix: str, *, key: UUID, step: str) -> NewCharger:
    """A charger of a group: identity and name are the template's with the suffix. Raises ItemFailed."""
    identity = f"{template['identity_prefix'] or ''}{suffix}"
    name = template["template_name"]
    try:
        equipment = find_equipment(catalog, template["brand_slug"], template["model_slug"], template["connector_type"])
    except ItemFailed as exc:
        exc.step = step
        raise
    if len(identity) > IDENTITY_LENGTH:
        message = f"The identity {identity} is longer than {IDENTITY_LENGTH} characters."
        raise ItemFailed("invalid_identity", message, param="identity_prefix", step=step)
    return NewCharger(
        key=key,
        identity=identity,
        name=f"{name} {suffix}"[:255] if name else None,
        connector_type=template["connector_type"],
        ocpp_version=template["ocpp_version"],
        ws_url=template["ws_url"],
        equipment=equipment,
        network=template.get("network"),
    )
