"""Where chargers run: in processes of ours, or at the provider that the settings name."""

from __future__ import annotations

from typing import Protocol

from fleet.local import LocalFleet
from resolvers.context import Fleet
from settings import Settings, SettingsError
from storage.database import Database


class RunningFleet(Fleet, Protocol):
    """A fleet with its beginning and end."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def fleet_of(database: Database, settings: Settings) -> RunningFleet:
    """The fleet that the settings ask for. Raises SettingsError where the provider's library is not installed."""
    if settings.provider == "local":
        return LocalFleet(database, settings)
    try:
        from fleet.ecs import EcsFleet  # its library is an optional extra
    except ImportError as exc:
        raise SettingsError(
            "CHARGEYARD_PROVIDER: ecs needs boto3; in Chargeyard's folder run .venv/bin/python -m pip install '.[ecs]'"
        ) from exc
    return EcsFleet(database, settings)
