"""What an operation runs with: who calls, the database as that tenant sees it, and the services behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from errors import Forbidden, Unauthenticated, Unavailable
from resolvers.auth import Principal, Role
from settings import Settings
from storage.database import Database
from storage.models import Charger, Job
from storage.session import ALL_TENANTS
from storage.work import Progress


class Jobs(Protocol):
    """The durable engine, as resolvers use it (implemented in `jobs`)."""

    async def enqueue(self, session: AsyncSession, job: Job) -> None:
        """Starts the job's workflow when, and only when, the session's transaction commits."""
        ...

    def wake(self, job: Job) -> None:
        """Tells the job's watchers in this process that it has changed."""
        ...

    def events(self, job_id: str, tenant: str, after: int) -> AsyncIterator[Progress]:
        """The job's events behind the sequence number `after`, as they happen, ending with the terminal one."""
        ...


class Fleet(Protocol):
    """The charger runtimes, as resolvers use them (implemented in `fleet`)."""

    async def apply(self, charger_ids: Sequence[str]) -> None:
        """Makes the runtimes of these chargers match their rows: started, stopped, reconnected or gone."""
        ...

    async def restart(self, charger: Charger) -> None:
        """Cuts the power of a running charger and gives it back."""
        ...

    async def facts(self, charger: Charger) -> dict[str, Any]:
        """What its provider says of a charger's runtime (REST contract §5.7)."""
        ...

    async def command(self, charger: Charger, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Has a running charger do something; gives its answer.

        Raises Conflict with the reason why it cannot, Unavailable when it does not say.
        """
        ...

    async def written(self) -> None:
        """Waits until chargers may have written something down: a frame, a change of status."""
        ...


@dataclass(frozen=True)
class Services:
    """What one process shares between all its operations."""

    settings: Settings
    database: Database
    jobs: Jobs
    fleet: Fleet


@dataclass
class Context:
    """One operation. `caller` is the verified principal, or the reason why there is none.

    Loaders live as long as this object: build one per operation, never per connection.
    """

    services: Services
    caller: Principal | Unauthenticated | Forbidden | Unavailable
    loaders: dict[object, Any] = field(default_factory=dict)

    @property
    def principal(self) -> Principal:
        """Raises Unauthenticated or Forbidden where the token or its scope was refused, Unavailable without keys."""
        if not isinstance(self.caller, Principal):
            raise self.caller
        return self.caller

    @property
    def tenant(self) -> str:
        """The organization of the call. Raises Forbidden to an admin that names none."""
        if self.principal.organization_id is None:
            raise Forbidden("An admin token needs X-Organization-Id on this call.")
        return self.principal.organization_id

    @property
    def is_admin(self) -> bool:
        return self.principal.role is Role.ADMIN

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session of the caller's tenant for one reader; sibling fields run at once and must not share one."""
        return self.services.database.read(self.tenant)

    def read_catalog(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session for what all tenants share; any valid token will do. Only catalog rows are read with it."""
        self.principal  # noqa: B018 - raises where there is none
        return self.services.database.read(ALL_TENANTS)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction of the caller's tenant, committed when its block ends."""
        async with self.services.database.write(self.tenant) as session:
            yield session
        self.loaders.clear()  # what they hold was read before
