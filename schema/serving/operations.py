"""One operation, from its document to the bytes of its response."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from inspect import isawaitable
from typing import Any, NamedTuple, cast

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute, subscribe
from strawberry.execution import optimized_is_awaitable

from errors import ChargeyardError
from resolvers.auth import Principal
from resolvers.context import Context
from schema.errors import Schema, translate
from schema.planner import Planned, Planner
from schema.serving.budget import Allowance, Budgets, OverBudget
from schema.serving.documents import Documents, Operation
from schema.serving.persisted import RegisteredDocuments, TrustedDocuments
from schema.serving.requests import GraphQLRequest
from settings import Settings


class Answer(NamedTuple):
    """A response. One without `data` answers a request that was not executed."""

    body: bytes
    errors: Sequence[GraphQLError] = ()
    is_request_error: bool = False
    allowance: Allowance | None = None


class Prepared(NamedTuple):
    """A request whose document is known and valid, and whose cost is paid."""

    request: GraphQLRequest
    operation: Operation
    allowance: Allowance | None


class RequestFailed(Exception):
    """A request that can't be executed, for these errors."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors

    @classmethod
    def because(cls, exc: Exception) -> RequestFailed:
        """The failure that an exception means for the client."""
        error = exc if isinstance(exc, GraphQLError) else GraphQLError(str(exc), original_error=exc)
        translate([error])
        return cls([error])

    @property
    def answer(self) -> Answer:
        """What the client is told."""
        body = encode({"errors": [error.formatted for error in self.errors]})
        cause = self.errors[0].original_error
        allowance = cause.allowance if isinstance(cause, OverBudget) else None
        return Answer(body, self.errors, True, allowance)


class Operations:
    """Runs operations on one schema."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self._schema = schema
        planner = Planner(schema, is_sqlite=settings.is_sqlite) if settings.planner else None
        self._documents = Documents(
            schema, planner, introspection=settings.introspection, suggestions=settings.suggestions
        )
        manifest = settings.trusted_documents
        self._texts = TrustedDocuments(manifest) if manifest else RegisteredDocuments()
        self._budgets = Budgets(settings.cost_per_minute) if settings.cost_per_minute else None
        self._max_cost = min(settings.max_query_cost, settings.cost_per_minute or settings.max_query_cost)
        self._hide_suggestions = not settings.suggestions
        self._timeout_s = settings.operation_timeout_s
        self._is_secret = not settings.introspection

    def prepare(self, request: GraphQLRequest, context: Context) -> Prepared:
        """Finds and checks what the request wants to run, and charges its tenant. Raises RequestFailed."""
        try:
            if self._is_secret:
                context.principal  # noqa: B018 - raises: even an error tells who asks what the schema has
            tenant = context.caller.organization_id if isinstance(context.caller, Principal) else None
            document = self._documents.get(self._texts.text(request, tenant))
            if document.errors:
                raise RequestFailed(document.errors)
            operation = document.operation(request.operation_name)
            allowance = self._pay(operation.cost.of(request.variables), tenant, context)
        except (GraphQLError, ChargeyardError) as exc:
            raise RequestFailed.because(exc) from exc
        return Prepared(request, operation, allowance)

    def _pay(self, cost: int, tenant: str | None, context: Context) -> Allowance | None:
        if cost > self._max_cost:
            raise GraphQLError(
                f"The operation costs {cost}; {self._max_cost} is allowed. Ask for smaller pages.",
                extensions={"code": "QUERY_TOO_COMPLEX"},
            )
        is_known = isinstance(context.caller, Principal)
        return self._budgets.charge(tenant, cost) if self._budgets and is_known else None

    async def run(self, prepared: Prepared, context: Context) -> Answer:
        """The response of a query or mutation, within the time that an operation may take."""
        plans = prepared.operation.plans
        try:
            # a compiled read keeps time itself, at a fifth of the price
            planned = await plans.answer(context, prepared.request.variables, self._timeout_s) if plans else None
            if planned and not planned.rest:
                return _answer_read(planned, prepared.allowance)
            async with asyncio.timeout(self._timeout_s):
                rest = await self._execute(prepared, context, planned.rest if planned else None)
                return self._answer(planned.result(rest) if planned else rest, prepared)
        except TimeoutError:
            message = f"The operation took longer than {self._timeout_s:g} s and was stopped."
            return RequestFailed.because(GraphQLError(message, extensions={"code": "TIMEOUT"})).answer

    async def stream(self, prepared: Prepared, context: Context) -> AsyncGenerator[Answer, None]:
        """The responses of a subscription as they come; those of a query or mutation are just one."""
        try:
            if not prepared.operation.is_subscription:
                yield await self.run(prepared, context)
                return
            source = subscribe(**self._execution(prepared, context))
            results = await source if isawaitable(source) else source
            if isinstance(results, ExecutionResult):
                yield self._answer(results, prepared)
                return
            async with aclosing(results):  # type: ignore[type-var]  # the source of ours is a generator
                async for result in results:
                    yield self._answer(result, prepared)
                    prepared = prepared._replace(allowance=None)  # it is paid once
        except Exception as exc:  # noqa: BLE001 - the edge of a stream, as the middleware is that of a request
            yield RequestFailed.because(exc).answer

    async def _execute(
        self, prepared: Prepared, context: Context, document: DocumentNode | None = None
    ) -> ExecutionResult:
        execution = self._execution(prepared, context)
        if document:
            execution["document"] = document
        # graphql-core's own check costs more than many resolvers
        result = execute(**execution, is_awaitable=cast(Any, optimized_is_awaitable))
        return await result if isawaitable(result) else result

    def _execution(self, prepared: Prepared, context: Context) -> dict[str, Any]:
        return {
            "schema": self._schema._schema,
            "document": prepared.operation.document,
            "context_value": context,
            "variable_values": prepared.request.variables,
            "operation_name": prepared.request.operation_name,
            "executor_class": self._schema.execution_context_class,
            "hide_suggestions": self._hide_suggestions,
        }

    def _answer(self, result: ExecutionResult, prepared: Prepared) -> Answer:
        errors = result.errors or []
        translate(errors, is_mutation=prepared.operation.is_mutation)
        is_request_error = result.data is None and not any(error.path for error in errors)
        body: dict[str, Any] = {} if is_request_error else {"data": result.data}
        if errors:
            body["errors"] = [error.formatted for error in errors]
        if prepared.allowance:
            body["extensions"] = {"cost": prepared.allowance.extension()}
        return Answer(encode(body), errors, is_request_error, prepared.allowance)


def _answer_read(planned: Planned, allowance: Allowance | None) -> Answer:
    """The response of an operation that plans answer as a whole."""
    body: dict[str, Any] = {"data": planned.fields}
    if allowance:
        body["extensions"] = {"cost": allowance.extension()}
    return Answer(orjson.dumps(body), allowance=allowance)


def encode(body: Any) -> bytes:
    """JSON in UTF-8. Lone surrogates, which a message may quote from a request, go out escaped."""
    try:
        return orjson.dumps(body)
    except TypeError:  # also what orjson raises for integers beyond 64 bits
        return json.dumps(body, separators=(",", ":"), default=_value).encode()


def _value(compiled: orjson.Fragment) -> Any:
    return orjson.loads(orjson.dumps(compiled))
