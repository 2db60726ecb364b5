"""Operations of the GraphQL API, and jobs from their acceptance to their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from commands.api.answers import Later, Patience, Refused, data_of
from commands.api.feed import Progress, job_events

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=60)

ITEMS = """
    query Items($id: ID!, $status: JobItemStatus!, $after: String) {
      job(id: $id) {
        error { message }
        progress { succeeded }
        items(first: 100, after: $after, status: $status) {
          nodes { index error { code message } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
"""
UNFINISHED = ("FAILED", "PENDING", "RUNNING")  # a cancelled job leaves items that were never tried


@dataclass(frozen=True)
class Result:
    """What a finished job made, and (code, message) of why it did not make the rest, by the index of the item."""

    succeeded: int
    failed: dict[int, tuple[str, str]]


class Client:
    """One gateway, one token. Every call waits for a gateway that is away, and tells `note` why.

    Raises Refused and Unreachable.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str, note: Callable[[str], None]) -> None:
        self._note = note
        self._http = http
        self._url = f"{url.rstrip('/')}/graphql"
        self._authorization = f"Bearer {token}"

    async def watch(self, job_id: str) -> AsyncIterator[Progress]:
        """A job's progress until it is over, through lost connections."""
        after: int | None = None
        patience = Patience(self._note)
        while True:
            try:
                async for progress in job_events(self._http, self._url, self._authorization, job_id, after):
                    after, patience = progress.sequence, Patience(self._note)
                    yield progress
                    if progress.is_over:
                        return
                reason: Exception = Later("the subscription ended before the job did")
            except (aiohttp.ClientError, OSError, TimeoutError, Later) as exc:
                reason = exc
            await patience.pause(reason)

    async def result(self, job_id: str) -> Result:
        """What became of a finished job's items."""
        failed: dict[int, tuple[str, str]] = {}
        succeeded = 0
        for status in UNFINISHED:
            after, more = None, True
            while more:
                job = (await self.execute(ITEMS, id=job_id, status=status, after=after))["job"]
                succeeded = job["progress"]["succeeded"]
                failed |= {item["index"]: _reason(item, job) for item in job["items"]["nodes"]}
                after, more = job["items"]["pageInfo"]["endCursor"], job["items"]["pageInfo"]["hasNextPage"]
        return Result(succeeded, failed)

    async def execute(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of one operation."""
        body = orjson.dumps({"query": document, "variables": variables})
        patience = Patience(self._note)
        while True:
            try:
                return await self._post(body)
            except (aiohttp.ClientError, OSError, TimeoutError, Later) as exc:
                reason = exc
            await patience.pause(reason)

    async def _post(self, body: bytes) -> dict[str, Any]:
        headers = {"Authorization": self._authorization, "Content-Type": "application/json"}
        async with self._http.post(self._url, data=body, headers=headers, timeout=REQUEST_TIMEOUT) as response:
            text = await response.read()
        if response.status == 413:
            raise Refused("TOO_LARGE", "The request is too large for the gateway.")
        if response.status >= 500:
            raise Later(f"HTTP {response.status}")
        try:
            return data_of(orjson.loads(text))
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as exc:
            told = f"{self._url} does not answer as a gateway does (HTTP {response.status})."
            raise Refused("NOT_A_GATEWAY", told) from exc


def _reason(item: dict[str, Any], job: dict[str, Any]) -> tuple[str, str]:
    error = item["error"] or job["error"] or {"message": "The job ended before this item."}
    return error.get("code", "not_carried_out"), error["message"]
