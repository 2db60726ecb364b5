"""Compiled reads without the view in front of them, whether or not the gateway under test compiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from graphql import parse

from resolvers.auth import Principal
from resolvers.context import Context
from schema import make_schema
from schema.errors import Schema
from schema.planner import Planned, PlannedOperation, Planner
from storage.plan import Plan
from tests.support.gateway import Tenant

SCHEMA = make_schema()
TIMEOUT_S = 30.0


async def compiled(tenant: Tenant, document: str, **variables: Any) -> Planned | None:
    """What plans answer of a query; None where they answer nothing."""
    return await Compiled(tenant, document).answer(**variables)


async def compiled_data(tenant: Tenant, document: str, **variables: Any) -> Any:
    """The data of a query that is compiled as a whole."""
    return await Compiled(tenant, document).data(**variables)


class Compiled:
    """A document of one operation, with its plans."""

    def __init__(self, tenant: Tenant, document: str, *, schema: Schema = SCHEMA) -> None:
        node = parse(document)
        self._tenant = tenant
        planner = Planner(schema, is_sqlite=tenant.gateway.services.database.is_sqlite)
        self.plans: PlannedOperation | None = next(iter(planner.prepare(node).values()), None)

    async def answer(self, **variables: Any) -> Planned | None:
        """What plans answer with these variables."""
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        principal = Principal("tester", self._tenant.role, self._tenant.organization_id, expires_at)
        context = Context(self._tenant.gateway.services, principal)
        return await self.plans.answer(context, variables, TIMEOUT_S) if self.plans else None

    async def data(self, **variables: Any) -> Any:
        """The data with these variables, all of which plans answer."""
        planned = await self.answer(**variables)
        assert planned is not None
        assert planned.rest is None
        return orjson.loads(orjson.dumps(planned.fields))

    async def statement(self, **variables: Any) -> tuple[str, list[Any]]:
        """The statement for these variables, with the values that it takes."""
        assert self.plans is not None
        bound = await self.plans.bound(variables, self._tenant.organization_id)
        assert bound is not None
        compiled, arguments = bound
        return compiled.plan.text, arguments


@contextmanager
def counted_reads(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The compiled statements that run inside the block."""
    reads = tenant.gateway.services.database.reads
    fetch, seen = reads.fetch, []

    async def note(plan: Plan, arguments: Sequence[Any], timeout_s: float) -> Sequence[bytes | None]:
        seen.append(plan.text)
        return await fetch(plan, arguments, timeout_s)

    with monkeypatch.context() as patch:
        patch.setattr(reads, "fetch", note)
        yield seen
