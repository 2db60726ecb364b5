"""Tenancy as a property of the session: rows are stamped, filtered and refused by it, never by hand.

A session carries its tenant from birth. Every ORM statement is narrowed to that tenant's rows, every new row is
stamped with it, and a statement that the ORM cannot narrow (Core, `text()`) is refused unless the session was opened
for all tenants, which only migrations, recovery and the fleet do.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from storage.models import TenantOwned


class AllTenants(Enum):
    """The tenant of a session that may see every row."""

    ALL = "all"


ALL_TENANTS: Final = AllTenants.ALL
Tenant = str | AllTenants

_TENANT = "tenant"


class TenancyError(Exception):
    """A statement or row would cross a tenant's border: a defect of ours, never a client's mistake."""


class TenantSession(Session):
    """A session that knows whose it is; `info["tenant"]` is set by `Database`."""

    @property
    def tenant(self) -> Tenant:
        try:
            tenant: Tenant = self.info[_TENANT]
        except KeyError:
            raise TenancyError("a session has no tenant; open it through Database") from None
        return tenant


@event.listens_for(TenantSession, "do_orm_execute")
def _narrow_to_tenant(state: ORMExecuteState) -> None:
    tenant = _tenant_of(state.session)
    if tenant is ALL_TENANTS:
        return
    if not state.is_orm_statement:
        raise TenancyError("only ORM statements can be narrowed to a tenant")
    if state.is_insert:
        _check_rows(state.parameters, tenant)
        return
    if state.is_column_load or state.is_relationship_load:
        return  # their parent statement was narrowed and its criteria are inherited
    state.statement = state.statement.options(
        with_loader_criteria(TenantOwned, lambda cls: cls.organization_id == tenant, include_aliases=True)
    )


@event.listens_for(TenantSession, "before_flush")
def _stamp_and_check(session: Session, _context: UOWTransaction, _instances: object) -> None:
    tenant = _tenant_of(session)
    if tenant is ALL_TENANTS:
        return
    for row in session.new:
        if isinstance(row, TenantOwned) and row.organization_id is None:
            row.organization_id = tenant
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned) and row.organization_id != tenant:
            raise TenancyError(f"{type(row).__name__} of another tenant in this session")


def _check_rows(parameters: Any, tenant: Tenant) -> None:
    rows = parameters if isinstance(parameters, list) else [parameters or {}]
    if any(row.get("organization_id", tenant) != tenant for row in rows):
        raise TenancyError("an insert names another tenant")


def _tenant_of(session: Session) -> Tenant:
    if not isinstance(session, TenantSession):
        raise TenancyError("a session was made outside Database")
    return session.tenant
