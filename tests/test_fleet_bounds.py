"""How much of one request a charger reads: no more than it advertises, so that no CSMS holds up the others."""

from __future__ import annotations

from typing import Any

import pytest

from storage.models import OcppVersion
from tests.support.chargers import booted, eventually
from tests.support.csms import ACCEPT, Csms, Refused, Station, reply
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1


def _entry(version: OcppVersion, token: str, *, listed: bool = True) -> dict[str, Any]:
    status = {"status": "Accepted"}
    if version is V16:
        return {"idTag": token, **({"idTagInfo": status} if listed else {})}
    return {"idToken": {"idToken": token, "type": "Central"}, **({"idTokenInfo": status} if listed else {})}


def _local_list(version: OcppVersion, number: int, *entries: dict[str, Any], kind: str = "Full") -> dict[str, Any]:
    name = "listVersion" if version is V16 else "versionNumber"
    return {name: number, "updateType": kind, "localAuthorizationList": list(entries)}


def _variables(count: int) -> list[dict[str, Any]]:
    return [{"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}}] * count


async def _refusal(station: Station, action: str, payload: dict[str, Any]) -> str:
    with pytest.raises(Refused) as refused:
        await station.call_raw(action, payload)
    return refused.value.code


@pytest.mark.parametrize(
    ("action", "most", "too_much"),
    [
        ("GetConfiguration", {"key": ["HeartbeatInterval"] * 100}, {"key": ["HeartbeatInterval"] * 101}),
        (
            "SendLocalList",
            _local_list(V16, 1, *(_entry(V16, f"TAG-{number}") for number in range(1_000))),
            _local_list(V16, 2, *(_entry(V16, f"TAG-{number}") for number in range(1_001))),
        ),
    ],
)
async def test_a_list_of_1_6_that_is_longer_than_its_key_says_is_an_occurrence_too_many(
    tenant: Tenant, csms: Csms, action: str, most: dict[str, Any], too_much: dict[str, Any]
) -> None:
    _, station = await booted(tenant, csms)

    assert await station.call_raw(action, most)
    assert await _refusal(station, action, too_much) == "OccurenceConstraintViolation"


@pytest.mark.parametrize(
    ("action", "most", "too_much"),
    [
        ("GetVariables", {"getVariableData": _variables(100)}, {"getVariableData": _variables(101)}),
        (
            "SetVariables",
            {"setVariableData": [{**item, "attributeValue": "1"} for item in _variables(100)]},
            {"setVariableData": [{**item, "attributeValue": "1"} for item in _variables(101)]},
        ),
        (
            "GetReport",
            {"requestId": 1, "componentVariable": _variables(100)},
            {"requestId": 1, "componentVariable": _variables(101)},
        ),
        (
            "SendLocalList",
            _local_list(V201, 1, *(_entry(V201, f"TAG-{number}") for number in range(1_000))),
            _local_list(V201, 2, *(_entry(V201, f"TAG-{number}") for number in range(1_001))),
        ),
    ],
)
async def test_a_list_of_2_0_1_that_is_longer_than_its_variable_says_is_an_occurrence_too_many(
    tenant: Tenant, csms: Csms, action: str, most: dict[str, Any], too_much: dict[str, Any]
) -> None:
    _, station = await booted(tenant, csms, version=V201)

    assert await station.call_raw(action, most)
    assert await _refusal(station, action, too_much) == "OccurrenceConstraintViolation"


async def test_a_frame_of_more_bytes_than_are_read_is_refused_for_its_format(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version)
    code = "FormationViolation" if version is V16 else "FormatViolation"
    padded = _local_list(version, 1, *(_entry(version, f"{number:020}" + " " * 250) for number in range(1_000)))

    assert await _refusal(station, "SendLocalList", padded) == code
    assert await _refusal(station, "ClearCache", {"customData": {"vendorId": "x", "text": "ü" * 40_000}}) == code


async def test_a_difference_that_makes_the_local_list_too_long_leaves_it_as_it_was(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    full = {f"tag-{number}": {"status": "Accepted"} for number in range(10_000)}
    _, station = await booted(tenant, csms, version=version, memory={"local_list": full, "list_version": 1})

    async def differs(number: int, *entries: dict[str, Any]) -> str:
        sent = _local_list(version, number, *entries, kind="Differential")
        return str((await station.call("SendLocalList", sent))["status"])

    one_more = await differs(2, _entry(version, "NEW"))
    one_changed = await differs(2, _entry(version, "TAG-1"))
    one_for_another = await differs(3, _entry(version, "NEW"), _entry(version, "TAG-2", listed=False))

    assert [one_more, one_changed, one_for_another] == ["Failed", "Accepted", "Accepted"]


async def test_an_answer_of_more_bytes_than_one_needs_is_not_taken(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    long = {"expiryDate" if version is V16 else "cacheExpiryDateTime": "2099-01-01T00:00:00Z" + " " * 10_000}
    csms.behaviours["Authorize"] = reply(
        {"idTagInfo" if version is V16 else "idTokenInfo": {"status": "Accepted", **long}}, ACCEPT
    )

    for number in (1, 2):
        await charger.does("authorizeIdTag", idTag=f"TAG-{number}")
        await station.receives("Authorize", number)

    memory = await eventually(charger.memory, lambda memory: "tag-2" in memory.get("tokens", {}))
    assert list(memory["tokens"]) == ["tag-2"]
