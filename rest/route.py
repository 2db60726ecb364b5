"""One operation of the REST API: where it stands, who may call it, and what its handler's signature says of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, TypeAdapter, create_model

from rest.reads import Read

Handler = Callable[..., Awaitable[Any]]


class Access(Enum):
    """What a caller needs: nothing, any valid token, or a token with an organization."""

    PUBLIC = "public"
    TOKEN = "token"
    TENANT = "tenant"


@dataclass(frozen=True)
class Route:
    """A row of the routing table.

    `operation` is the published client's `<group>.<method>`. The handler is `async (ctx, <path parameters>, query,
    body, idempotency_key) -> response`, of which it takes what it needs; its annotations are the schemas. `errors` are
    the declared statuses beside 401, 403, 422 and 500.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    status: int = 200
    errors: tuple[int, ...] = ()
    access: Access = Access.TENANT
    read: Read | None = None  # how the database itself gives the answer
    alias: str | None = None  # another path of the same operation, which the OpenAPI document leaves out

    @property
    def paths(self) -> list[str]:
        return [self.path] if self.alias is None else [self.path, self.alias]

    @property
    def tag(self) -> str:
        return self.operation.partition(".")[0]

    @property
    def operation_id(self) -> str:
        return self.operation.replace(".", "_")

    @cached_property
    def path_model(self) -> type[BaseModel] | None:
        names = re.findall(r"{(\w+)}", self.path)
        fields: dict[str, Any] = {name: (self._hints[name], ...) for name in names}
        return create_model("PathParameters", **fields) if names else None

    @cached_property
    def query_model(self) -> type[BaseModel] | None:
        model: type[BaseModel] | None = self._hints.get("query")
        return model

    @cached_property
    def body(self) -> TypeAdapter[Any] | None:
        return TypeAdapter(self._hints["body"]) if "body" in self._hints else None

    @cached_property
    def needs_body(self) -> bool:
        return self.body is not None and self._parameters["body"].default is inspect.Parameter.empty

    @cached_property
    def idempotency_key(self) -> TypeAdapter[Any] | None:
        return TypeAdapter(self._hints["idempotency_key"]) if "idempotency_key" in self._hints else None

    @cached_property
    def response(self) -> TypeAdapter[Any] | None:
        """None for an empty answer."""
        annotation = self._hints["return"]
        return None if annotation is type(None) else TypeAdapter(annotation)

    @property
    def description(self) -> str:
        return inspect.getdoc(self.handler) or ""

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every declared status of failure (REST contract, "Errors" of each operation)."""
        if self.access is Access.PUBLIC:
            return self.errors
        return tuple(sorted({401, 403, 422, 500, *self.errors}))

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.handler, include_extras=True)

    @cached_property
    def _parameters(self) -> dict[str, inspect.Parameter]:
        return dict(inspect.signature(self.handler).parameters)
