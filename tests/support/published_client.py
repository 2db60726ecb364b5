"""The published client (PyPI `ocpplab`): both its faces as one, and what it knows of the API by its own source."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import ocpplab.types
from pydantic import BaseModel

GROUPS = (
    "catalog", "chargers", "commands", "health", "location_chargers", "location_templates", "locations", "ocpi_cpos",
    "ocpi_locations", "ocpi_templates",
)  # fmt: skip


class Client:
    """One face of both clients: `await client("locations.get", location_id=…)`; nothing is tried twice."""

    def __init__(self, sdk: Any, *, is_sync: bool) -> None:
        self._sdk = sdk
        self._is_sync = is_sync

    async def __call__(self, operation: str, *arguments: Any, **keywords: Any) -> Any:
        group, _, name = operation.partition(".")
        method = getattr(getattr(self._sdk, group), name)
        keywords["request_options"] = {"max_retries": 0}
        if self._is_sync:
            return await asyncio.to_thread(method, *arguments, **keywords)
        return await method(*arguments, **keywords)


@dataclass(frozen=True)
class Operation:
    """One call of the client: `errors` are the statuses for which it has an exception of its own."""

    name: str
    method: str
    path: str
    errors: frozenset[int]


def operations() -> Iterator[Operation]:
    """Every call of the client."""
    for group in GROUPS:
        module = import_module(f"ocpplab.{group}.raw_client")
        (raw,) = [each for name, each in vars(module).items() if name.startswith("Raw") and name.endswith("Client")]
        for name, method in inspect.getmembers(raw, inspect.isfunction):
            if not name.startswith("_"):
                yield _operation(f"{group}.{name}", inspect.getsource(method))


def models() -> dict[str, type[BaseModel]]:
    """Every object that the client sends or reads, by name."""
    found = {name: getattr(ocpplab.types, name) for name in ocpplab.types.__all__}
    return {name: each for name, each in found.items() if inspect.isclass(each) and issubclass(each, BaseModel)}


def _operation(name: str, source: str) -> Operation:
    path = re.search(r'\.request\(\s*f?"([^"]*)"', source)
    method = re.search(r'method="(\w+)"', source)
    assert method is not None, name
    template = re.sub(r"{encode_path_param\((\w+)\)}", r"{\1}", path[1]) if path else ""
    errors = frozenset(int(status) for status in re.findall(r"status_code == (\d+)", source))
    return Operation(name, method[1], f"/{template}", errors)
