"""What a unit of a job is: prepared from its item without the database, then written in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from storage.bulk import Batch
from storage.equipment import Catalog
from storage.models import Job, JobItem
from storage.work import Made


class Unit(Protocol):
    """One location or charger, ready to be written. Its ids are known before it is."""

    @property
    def made(self) -> Made:
        """What the item will point to."""
        ...

    @property
    def step(self) -> str:
        """Its name in progress and errors."""
        ...

    @property
    def identities(self) -> list[str]:
        """The charger identities that it takes."""
        ...

    def write(self, batch: Batch) -> None:
        """Adds all rows to the batch, which is sent later. Raises ItemFailed where the world does not allow it."""
        ...


Prepare = Callable[[Job, JobItem, Catalog], Unit]


def error_of(
    code: str, message: str, *, step: str | None, param: str | None = None, retryable: bool = False
) -> dict[str, Any]:
    """The error object of a job or an item (REST contract §1.5)."""
    error = {"code": code, "message": message[:2000], "step": step, "param": param, "retryable": retryable}
    return {key: value for key, value in error.items() if value is not None}
