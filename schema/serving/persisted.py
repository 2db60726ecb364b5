"""Documents that requests name instead of sending them: registered by clients, or trusted ones from a manifest."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError

from errors import FieldError, Forbidden, InvalidInput
from schema.serving.requests import GraphQLRequest
from settings import SettingsError

TENANT_BYTES = 256 * 1024
TOTAL_BYTES = 16 * 2**20


class RegisteredDocuments:
    """Automatic persisted queries: a client sends a document once with its hash, then the hash alone.

    Each tenant has its own, the least recently used of which make room for new ones.
    """

    def __init__(self) -> None:
        self._tenants: OrderedDict[str | None, OrderedDict[str, str]] = OrderedDict()
        self._sizes: dict[str | None, int] = {}
        self._total = 0

    def text(self, request: GraphQLRequest, tenant: str | None) -> str:
        """The document that the request means. Raises InvalidInput, or GraphQLError when it has to be sent again."""
        if request.query is not None and not request.extensions:
            return request.query
        digest = _digest(request)
        if digest is None:
            if request.query is None:
                raise InvalidInput("There are no trusted documents here; send the query.", _at("documentId"))
            return request.query
        if request.query is not None:
            if sha256(request.query.encode()).hexdigest() != digest:
                raise InvalidInput("The hash is not that of the query.", _at("extensions", "persistedQuery"))
            self._keep(tenant, digest, request.query)
            return request.query
        known = self._tenants[tenant].get(digest) if tenant in self._tenants else None
        if known is None:
            # the message and the code are Apollo's: clients look for them and send the query along
            raise GraphQLError("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"})
        self._tenants.move_to_end(tenant)
        self._tenants[tenant].move_to_end(digest)
        return known

    def _keep(self, tenant: str | None, digest: str, text: str) -> None:
        if len(text) > TENANT_BYTES:
            return
        own = self._tenants.setdefault(tenant, OrderedDict())
        self._tenants.move_to_end(tenant)
        self._grow(tenant, len(text) - len(own.pop(digest, "")))
        own[digest] = text
        while self._sizes[tenant] > TENANT_BYTES:
            self._grow(tenant, -len(own.popitem(last=False)[1]))
        while self._total > TOTAL_BYTES:
            oldest, _ = self._tenants.popitem(last=False)
            self._total -= self._sizes.pop(oldest)

    def _grow(self, tenant: str | None, by: int) -> None:
        self._sizes[tenant] = self._sizes.get(tenant, 0) + by
        self._total += by


class TrustedDocuments:
    """Only documents of a manifest run: a JSON object of their SHA-256 hashes, or other ids, and their texts.

    Raises SettingsError for a file that is none.
    """

    def __init__(self, manifest: Path) -> None:
        try:
            self._texts: dict[str, str] = orjson.loads(manifest.read_bytes())
        except (OSError, orjson.JSONDecodeError) as exc:
            raise SettingsError(f"CHARGEYARD_TRUSTED_DOCUMENTS: {manifest} can't be read ({exc})") from exc
        if not isinstance(self._texts, dict) or not all(isinstance(text, str) for text in self._texts.values()):
            raise SettingsError(f"CHARGEYARD_TRUSTED_DOCUMENTS: {manifest} must hold an object of ids and documents")
        self._all = frozenset(self._texts.values())

    def text(self, request: GraphQLRequest, tenant: str | None) -> str:
        """The trusted document that the request means. Raises Forbidden for any other."""
        if request.query is not None and request.query in self._all:
            return request.query
        id = request.document_id or _digest(request) or ""
        text = self._texts.get(id) or self._texts.get(id.removeprefix("sha256:"))
        if text is None:
            raise Forbidden("Only trusted documents run here; name one by its documentId.")
        return text


def _digest(request: GraphQLRequest) -> str | None:
    """The hash of Apollo's extension, None where the request has none. Raises InvalidInput for a malformed one."""
    entry: Any = request.extensions.get("persistedQuery")
    if entry is None:
        return None
    if not isinstance(entry, dict) or entry.get("version") != 1 or not isinstance(entry.get("sha256Hash"), str):
        raise InvalidInput("persistedQuery must have version 1 and a sha256Hash.", _at("extensions", "persistedQuery"))
    digest: str = entry["sha256Hash"]
    return digest.lower()


def _at(*path: str) -> list[FieldError]:
    return [FieldError(path, "is not valid")]
