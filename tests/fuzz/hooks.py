"""What schemathesis has to know of this server: its scalars, and which refusals no schema can foretell."""

from __future__ import annotations

from typing import Any

import orjson
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

EXPECTED_CODES = {"NOT_FOUND", "BAD_USER_INPUT", "CONFLICT", "QUERY_TOO_COMPLEX", "RATE_LIMITED"}
EXPECTED_STATUS = 400  # what is asked for contradicts what there is: unknown names, taken ids
RULE = "value_error"  # of a 422: a rule that JSON Schema has no words for, such as the name of a time zone

schemathesis.graphql.scalar("DateTime", st.datetimes().map(lambda at: nodes.String(f"{at.isoformat()}Z")))
schemathesis.graphql.scalar("JSON", st.sampled_from(["{a: 1}", "[]", "1"]).map(lambda _: nodes.String("{}")))


@schemathesis.hook
def filter_failure(_context: object, _failure: object, _case: object, response: Any) -> bool:
    """Whether a failure is one."""
    body = orjson.loads(response.content)
    if "errors" in body:
        return not {error["extensions"]["code"] for error in body["errors"]} <= EXPECTED_CODES
    if response.status_code == EXPECTED_STATUS:
        return False
    return not (response.status_code == 422 and {detail["type"] for detail in body["detail"]} == {RULE})
