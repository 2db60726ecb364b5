"""OCPP-J frames and what is wrong with them: OCPP 1.6J §4, OCPP 2.0.1 Part 4 §4.

Payloads are held against the JSON schemas of the `ocpp` package, so that a handler can trust what it reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import orjson
from jsonschema import ValidationError
from ocpp.messages import MessageType, get_validator

Payload = dict[str, Any]

# These 1.6 schemas say `multipleOf: 0.1`, which binary floats miss; the `ocpp` package reads them as decimals too.
DECIMAL_ACTIONS = {
    (MessageType.Call, "SetChargingProfile"),
    (MessageType.Call, "RemoteStartTransaction"),
    (MessageType.CallResult, "GetCompositeSchedule"),
}

ERROR_OF_KEYWORD = {
    "type": "TypeConstraintViolation",
    "required": "OccurrenceConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "additionalProperties": "FormatViolation",
}

# OCPP 1.6J spells two codes in its own way (§4.2.3)
CODES_OF_16 = {
    "FormatViolation": "FormationViolation",
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    "RpcFrameworkError": "ProtocolError",
    "MessageTypeNotSupported": "ProtocolError",
}

MAX_CODE, MAX_DESCRIPTION = 50, 255  # of a CALLERROR: no code is so long, and no description may be (Part 4 §4.2.3)


class Violation(Exception):
    """A frame that breaks the standard; `code` as OCPP 2.0.1 spells it, `message_id` when it could be read."""

    def __init__(self, code: str, description: str, message_id: str | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description[:MAX_DESCRIPTION]
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Result:
    id: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Error:
    id: str
    code: str
    description: str


Frame = Call | Result | Error


def parse(text: str | bytes) -> Frame:
    """The frame of a text message. Raises Violation."""
    try:
        array = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise Violation("RpcFrameworkError", "not valid JSON") from exc
    match array:
        case [2, str(id), str(action), dict(payload)]:
            return Call(id, action, payload)
        case [3, str(id), dict(payload)]:
            return Result(id, payload)
        case [4, str(id), str(code), *rest]:
            return Error(id, code[:MAX_CODE], str(rest[0])[:MAX_DESCRIPTION] if rest else "")
        case [2, str(id), *_]:
            raise Violation("FormatViolation", "a CALL is [2, id, action, payload]", id)
        case [int(kind), str(id), *_] if kind not in (2, 3, 4):
            raise Violation("MessageTypeNotSupported", f"unknown message type {kind}", id)
    raise Violation("RpcFrameworkError", "not an OCPP-J array")


def check_call(version: str, call: Call, text: str | bytes) -> None:
    """Holds a request against its schema. Raises Violation, NotImplemented for an action the version doesn't have."""
    if call.action not in actions(version):
        raise Violation("NotImplemented", f"OCPP {version} has no {call.action}", call.id)
    _check(MessageType.Call, version, call.action, call.payload, text, call.id)


def check_result(version: str, action: str, result: Result, text: str | bytes) -> None:
    """Holds an answer against the schema of the action it answers. Raises Violation."""
    _check(MessageType.CallResult, version, action, result.payload, text, result.id)


def check_payload(version: str, action: str, payload: Mapping[str, Any]) -> None:
    """Holds a request's payload against its schema. Raises Violation."""
    check_call(version, Call("", action, dict(payload)), orjson.dumps([2, "", action, payload]))


@cache
def actions(version: str) -> frozenset[str]:
    """The actions that a version knows; also what keeps a received action from being a path."""
    suffix = "Response.json"
    folder = resources.files("ocpp") / f"v{version.replace('.', '')}" / "schemas"
    return frozenset(file.name.removesuffix(suffix) for file in folder.iterdir() if file.name.endswith(suffix))


def code_for(version: str, code: str) -> str:
    """An error code as the version spells it."""
    return CODES_OF_16.get(code, code) if version == "1.6" else code


def _check(kind: int, version: str, action: str, payload: Payload, text: str | bytes, message_id: str) -> None:
    if _has_nul(text):
        raise Violation("FormatViolation", "a text holds a NUL character", message_id)
    try:
        error = _first_error(version, kind, action, payload, text)
    except (ArithmeticError, RecursionError) as exc:  # a number or a nesting beyond what can be told of
        raise Violation("PropertyConstraintViolation", "a value is out of bounds", message_id) from exc
    if error is not None:
        code = ERROR_OF_KEYWORD.get(str(error.validator), "PropertyConstraintViolation")
        where = "/".join(str(part) for part in error.absolute_path)
        raise Violation(code, f"{where}: {error.message}" if where else error.message, message_id)


def _has_nul(text: str | bytes) -> bool:
    """Whether a text of this JSON holds the one character that PostgreSQL can't store."""
    text = text if isinstance(text, str) else text.decode()
    return "\\u0000" in text and "\\u0000" in text.replace("\\\\", "")  # an escaped backslash makes it plain text


def _first_error(version: str, kind: int, action: str, payload: Payload, text: str | bytes) -> ValidationError | None:
    if version == "1.6" and (kind, action) in DECIMAL_ACTIONS:
        validator = get_validator(kind, action, version, parse_float=Decimal)
        payload = json.loads(text, parse_float=Decimal)[3 if kind == MessageType.Call else 2]
    else:
        validator = get_validator(kind, action, version)
    return next(validator.iter_errors(payload), None)
