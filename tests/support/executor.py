"""The ordinary GraphQL executor, without the view and the read planner in front of it."""

from __future__ import annotations

from contextlib import aclosing
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from resolvers.auth import Principal
from resolvers.context import Context
from schema import make_schema
from tests.support.gateway import Tenant

_schema = make_schema()
_statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)


async def execute(tenant: Tenant, document: str, **variables: Any) -> dict[str, Any]:
    """The data of an operation of this tenant."""
    result = await _schema.execute(document, variable_values=variables, context_value=context_of(tenant))
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


async def first_event(tenant: Tenant, document: str) -> dict[str, Any]:
    """The first answer of a subscription, with its errors as clients see them."""
    async with aclosing(await _schema.subscribe(document, context_value=context_of(tenant))) as events:
        result = await anext(events)
    return {"data": result.data, "errors": [error.formatted for error in result.errors or []]}


async def statements_of(tenant: Tenant, document: str) -> list[str]:
    """The SQL statements that an operation runs; those of tasks in the background are not among them."""
    engine = tenant.gateway.services.database._async_engine.sync_engine
    own: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if _statements.get() is own and statement != "BEGIN":
            own.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    token = _statements.set(own)
    try:
        await execute(tenant, document)
    finally:
        _statements.reset(token)
        event.remove(engine, "before_cursor_execute", note)
    return own


def context_of(tenant: Tenant) -> Context:
    """The context of one operation of this tenant."""
    principal = Principal("tester", tenant.role, tenant.organization_id, datetime.now(UTC) + timedelta(hours=1))
    return Context(tenant.gateway.services, principal)
