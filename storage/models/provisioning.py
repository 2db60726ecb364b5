"""What every asynchronously made row says about its making (REST contract §1.5)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Text


class ProvisioningStatus(StrEnum):
    """PENDING → PROVISIONING → READY | FAILED; the last two never change again."""

    PENDING = "PENDING"
    PROVISIONING = "PROVISIONING"
    READY = "READY"
    FAILED = "FAILED"


class Provisioned:
    """The state of a row's provisioning. `error` is `{code, message, step?, param?, doc_url?, retryable}`."""

    status: Mapped[str] = mapped_column(Text(16), default=ProvisioningStatus.PENDING)
    workflow_run_id: Mapped[str | None] = mapped_column(Text(64))
    error: Mapped[dict[str, Any] | None]
    provisioned_at: Mapped[datetime | None]
