"""What everything that is made asynchronously says about its making."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from schema.fields import attribute, field
from storage.models import ProvisioningStatus


@strawberry.type(description="Why the making of something failed.")
class ProvisioningError:
    code: str = attribute("Stable and machine-readable; take one that you don't know as unknown_error.")
    message: str = attribute("For people.")
    step: str | None = attribute("The durable step that failed.")
    param: str | None = attribute("The parameter of the request that is at fault.")
    doc_url: str | None = attribute("Where to read more.")
    retryable: bool = attribute("Whether the same request may succeed later.")


@strawberry.type
class Failable:
    """Whatever has an `error`."""

    @field("Why it failed; null unless it did.", ProvisioningError | None)
    def error(self) -> ProvisioningError | None:
        return _error_of(self.error)


@strawberry.type
class Provisioning(Failable):
    """What the rows that are `Provisioned` have in common."""

    status: ProvisioningStatus = attribute("How far its making has come.")
    workflow_run_id: str | None = attribute("Names the workflow that makes it, for support.")
    provisioned_at: datetime | None = attribute("When it became READY.")


def _error_of(error: dict[str, Any] | None) -> ProvisioningError | None:
    if error is None:
        return None
    given = {name: error.get(name) for name in ("step", "param", "doc_url")}
    return ProvisioningError(
        code=error["code"], message=error["message"], retryable=bool(error.get("retryable")), **given
    )
