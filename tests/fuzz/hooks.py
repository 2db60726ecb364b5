"""What schemathesis has to know of this server: its scalars and formats, and which refusals no schema can foretell."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import orjson
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes
from schemathesis.graphql.checks import GraphQLClientError, GraphQLServerError
from schemathesis.openapi.checks import RejectedPositiveData

EXPECTED_CODES = {"NOT_FOUND", "BAD_USER_INPUT", "CONFLICT", "QUERY_TOO_COMPLEX", "RATE_LIMITED"}
EXPECTED_STATUS = 400  # what is asked for contradicts what there is: unknown names, taken ids
# of a 422 to a request that the schema allows
EXPECTED_RULES = {
    "must be an IANA time zone",  # a format of ours; the coverage phase goes by its pattern alone
    "asks for more chargers than one request may create",  # all its groups in sum
    "must not hold NUL characters",  # overrides are any JSON
}

schemathesis.graphql.scalar("DateTime", st.datetimes().map(lambda at: nodes.String(f"{at.isoformat()}Z")))
schemathesis.graphql.scalar("JSON", st.sampled_from(["{a: 1}", "[]", "1"]).map(lambda _: nodes.String("{}")))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(available_timezones())))


@schemathesis.hook
def filter_failure(_context: object, failure: object, _case: object, response: Any) -> bool:
    """Whether a failure is one."""
    body = orjson.loads(response.content)
    if isinstance(failure, GraphQLClientError | GraphQLServerError):
        return not {error["extensions"]["code"] for error in body["errors"]} <= EXPECTED_CODES
    if not isinstance(failure, RejectedPositiveData) or response.status_code == EXPECTED_STATUS:
        return not isinstance(failure, RejectedPositiveData)
    return not all(any(rule in detail["msg"] for rule in EXPECTED_RULES) for detail in body["detail"])
