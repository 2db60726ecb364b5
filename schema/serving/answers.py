"""From an answer to the HTTP response that carries it: its media type, its status and its header fields.

Plain JSON says 200 for every well-formed request, because intermediaries answer with errors in JSON too; clients that
know `application/graphql-response+json` are told by the status. Of the two profiles, `audited` has the codes that
graphql-http's audits expect, `draft` those of the specification's draft of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from answers import JsonAnswer, json_answer, lines
from edge import retry_headers
from errors import ChargeyardError
from schema.errors import UNEXPECTED
from schema.serving.accept import GRAPHQL_RESPONSE, JSON, Accept
from schema.serving.operations import Answer, RequestFailed, encode
from schema.serving.requests import IllFormed, Refused

# the errors of a request that is not at fault itself
STATUS = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "UNAVAILABLE": 503,
    "TIMEOUT": 504,
}
_HEADS: Mapping[str, str] = {
    type: f"Content-Type: {type}; charset=utf-8\r\nVary: Accept\r\n" for type in (JSON, GRAPHQL_RESPONSE)
}
RATE_LIMITED = 429
PARTIAL_SUCCESS = 294


class Responder:
    """Makes the HTTP responses of one profile."""

    def __init__(self, *, is_draft: bool) -> None:
        self._is_draft = is_draft

    def response(self, request: web.Request, accept: Accept, answer: Answer) -> JsonAnswer:
        """The response to a well-formed request."""
        media_type = accept.json or JSON
        status = self._status(answer, media_type) if answer.errors else 200
        response = json_answer(request, answer.body, status, _HEADS[media_type])
        if answer.allowance:
            response.head += answer.allowance.lines()
        for error in answer.errors[:1]:
            if isinstance(error.original_error, ChargeyardError):
                response.head += lines(retry_headers(error.original_error))
        return response

    def refusal(self, request: web.Request, accept: Accept, exc: ChargeyardError) -> JsonAnswer:
        """The response to a request that is none, or can't be served at all."""
        status = exc.status if isinstance(exc, Refused) else exc.http_status
        if isinstance(exc, IllFormed) and self._is_draft:
            status = 422
        answer = RequestFailed.because(exc).answer
        response = json_answer(request, answer.body, status, _HEADS[accept.json or JSON])
        response.head += lines(exc.headers if isinstance(exc, Refused) else retry_headers(exc))
        return response

    def _status(self, answer: Answer, media_type: str) -> int:
        """The status of an answer with errors."""
        if not answer.is_request_error:
            return PARTIAL_SUCCESS if self._is_draft and media_type == GRAPHQL_RESPONSE else 200
        code = (answer.errors[0].extensions or {}).get("code", "")
        status = STATUS.get(code, 422 if self._is_draft else 400)
        return status if media_type == GRAPHQL_RESPONSE or status == RATE_LIMITED else 200


def failure_body(error_id: str) -> bytes:
    """The document that tells of an unexpected error outside any field."""
    extensions = {"code": ChargeyardError.code, "errorId": error_id}
    return encode({"errors": [{"message": UNEXPECTED, "extensions": extensions}]})
