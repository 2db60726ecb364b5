"""Connectors that are kept for a token, and what remote starts and sessions make of them, in both versions of OCPP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.models import OcppVersion
from tests.support.chargers import booted, remembering
from tests.support.csms import SILENCE, Csms, Station, reply
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16, V201 = OcppVersion.OCPP_1_6, OcppVersion.OCPP_2_0_1


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


async def test_a_reservation_is_for_its_token_only_and_ends_in_time(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)

    assert await _reserve(station, 9, "GUEST", soon(2)) == "Accepted"
    await station.status("Reserved")
    assert await _reserve(station, 10, "OTHER", soon(60)) == "Occupied"
    assert "reserved" in await charger.refuses("startSession", idTag="STRANGER")
    assert "no cable" in await charger.refuses("unplugConnector")
    assert station.last_status() == "Reserved"
    await station.status("Available")

    if version is V201:
        update = await station.receives("ReservationStatusUpdate")
        assert update == {"reservationId": 9, "reservationUpdateStatus": "Expired"}


async def test_a_reservation_can_be_cancelled(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    _, station = await booted(tenant, csms, version=version)
    await _reserve(station, 9, "GUEST", soon(60))

    answers = [await station.call("CancelReservation", {"reservationId": id}) for id in (9, 9)]

    assert answers == [{"status": "Accepted"}, {"status": "Rejected"}]
    await station.status("Available")


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
async def test_a_reservation_ends_with_the_service_of_its_connector(
    tenant: Tenant, csms: Csms, version: OcppVersion, status: str
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await _reserve(station, 9, "GUEST", soon(60))
    await station.status("Reserved")

    if status == "Faulted":
        await charger.does("injectFault", faultType="GroundFailure")
        await station.status("Faulted")
        await charger.does("clearFault")
    else:
        await _change_availability(station, operative=False)
        await station.status("Unavailable")
        await _change_availability(station, operative=True)
    await station.status("Available")

    assert await station.call("CancelReservation", {"reservationId": 9}) == {"status": "Rejected"}
    if version is V201:
        update = await station.receives("ReservationStatusUpdate")
        assert update == {"reservationId": 9, "reservationUpdateStatus": "Removed"}


async def test_a_reservation_that_can_not_be_replaced_stays_as_it_was(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)
    await charger.does("plugConnector", connectorId=2)
    await _reserve(station, 9, "GUEST", soon(60))
    await station.status("Reserved")

    assert await _reserve(station, 9, "OTHER", soon(60), connector=2) == "Occupied"

    assert await _remote_start(station, "OTHER", connector=1) == "Rejected"
    assert station.last_status() == "Reserved"
    assert await station.call("CancelReservation", {"reservationId": 9}) == {"status": "Accepted"}


async def test_a_reservation_is_replaced_by_one_of_the_same_id(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version, connectors=2)
    await _reserve(station, 9, "GUEST", soon(60))

    assert await _reserve(station, 9, "OTHER", soon(60)) == "Accepted"
    assert await _remote_start(station, "GUEST", connector=1) == "Rejected"
    assert await _reserve(station, 9, "OTHER", soon(60), connector=2) == "Accepted"
    await station.status("Available", connector=1)
    await station.status("Reserved", connector=2)


async def test_the_transaction_of_a_reservation_names_it(tenant: Tenant, csms: Csms) -> None:
    charger, station = await booted(tenant, csms)
    await _reserve(station, 9, "GUEST", soon(60))

    await charger.does("startSession", idTag="GUEST")

    assert (await station.receives("StartTransaction"))["reservationId"] == 9


async def test_a_remote_start_on_a_connector_that_is_kept_for_another_token_is_rejected(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version)
    await _reserve(station, 9, "GUEST", soon(60))
    await charger.does("plugConnector")

    answers = [await _remote_start(station, token, connector=1) for token in ("STRANGER", "GUEST")]

    assert answers == ["Rejected", "Accepted"]
    await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))


async def test_a_remote_start_goes_where_its_token_may_charge(tenant: Tenant, csms: Csms, version: OcppVersion) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)
    await _reserve(station, 9, "GUEST", soon(60))
    await charger.does("plugConnector", connectorId=1)

    assert await _remote_start(station, "STRANGER") == "Accepted"
    await station.status("Preparing", "Occupied", connector=2)
    await charger.does("plugConnector", connectorId=2)

    started = await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))
    assert (started[0].get("connectorId") or started[0]["evse"]["id"]) == 2


async def test_a_second_remote_start_leaves_the_first_its_connector(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version, connectors=2)

    assert await _remote_start(station, "FIRST") == "Accepted"
    await station.status("Preparing", "Occupied", connector=1)
    assert await _remote_start(station, "SECOND") == "Accepted"
    await station.status("Preparing", "Occupied", connector=2)

    assert await _remote_start(station, "THIRD") == "Rejected"
    assert await _remote_start(station, "FOURTH", connector=1) == "Accepted"


async def test_a_start_that_can_not_follow_its_verdict_leaves_the_connector_to_the_next(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    csms.behaviours["Authorize"] = reply(SILENCE)
    charger, station = await booted(tenant, csms, version=version)
    await charger.does("plugConnector")
    await _remote_start(station, "REMOTE", connector=1)
    await station.receives("Authorize")
    await charger.does("injectFault", faultType="GroundFailure")

    await station.hears("Authorize", {"idTagInfo" if version is V16 else "idTokenInfo": {"status": "Accepted"}})
    await station.status("Faulted")
    await charger.does("clearFault")
    del csms.behaviours["Authorize"]
    await charger.does("startSession", idTag="TAG-1", connectorId=1)

    await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))


async def test_a_session_begins_on_a_connector_that_is_not_kept_for_another(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    charger, station = await booted(tenant, csms, version=version, connectors=2)
    await _reserve(station, 9, "GUEST", soon(60))

    await charger.does("startSession", idTag="STRANGER")
    started = await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))

    assert (started[0].get("connectorId") or started[0]["evse"]["id"]) == 2
    assert station.last_status(connector=1) == "Reserved"


async def test_a_session_of_a_token_whose_group_only_the_csms_knows_begins_on_the_connector_kept_for_the_group(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    csms.behaviours["Authorize"] = reply(_verdict(version, group="Fleet"))
    charger, station = await booted(tenant, csms, version=version)
    await _reserve(station, 9, "GUEST", soon(60), group="FLEET")

    await charger.does("startSession", idTag="MEMBER")

    started = await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))
    assert started[0]["reservationId"] == 9


async def test_a_remote_start_waits_for_the_verdict_on_the_group_that_its_connector_is_kept_for(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    csms.behaviours["Authorize"] = reply(_verdict(version, group="OTHERS"), _verdict(version, group="FLEET"))
    no_cache = remembering(AuthorizationCacheEnabled="false", AuthCacheCtrlr__Enabled="false")
    charger, station = await booted(tenant, csms, version=version, memory=no_cache)
    await _reserve(station, 9, "GUEST", soon(60), group="FLEET")

    assert await _remote_start(station, "STRANGER", connector=1) == "Accepted"
    await station.status("Preparing", "Occupied")
    await station.status("Reserved")
    assert await _remote_start(station, "MEMBER", connector=1) == "Accepted"
    await station.status("Preparing", "Occupied")
    await charger.does("plugConnector")

    started = await station.until(lambda s: s.sent("StartTransaction") or s.sent("TransactionEvent"))
    token = started[0].get("idTag") or started[0]["idToken"]["idToken"]
    assert (token, started[0]["reservationId"]) == ("MEMBER", 9)


async def test_a_remote_start_that_names_no_connector_leaves_the_reserved_one_to_its_group(
    tenant: Tenant, csms: Csms, version: OcppVersion
) -> None:
    _, station = await booted(tenant, csms, version=version, connectors=2)
    await _reserve(station, 9, "GUEST", soon(60), group="FLEET")

    answers = [await _remote_start(station, token) for token in ("FIRST", "SECOND")]

    assert answers == ["Accepted", "Rejected"]
    await station.status("Preparing", "Occupied", connector=2)


def _verdict(version: OcppVersion, *, group: str) -> dict[str, Any]:
    if version is V16:
        return {"idTagInfo": {"status": "Accepted", "parentIdTag": group}}
    return {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": group, "type": "Central"}}}


async def _reserve(
    station: Station, id: int, token: str, until: str, connector: int = 1, group: str | None = None
) -> str:
    if station.version == "1.6":
        reservation = {"reservationId": id, "connectorId": connector, "idTag": token, "expiryDate": until}
        also: dict[str, Any] = {} if group is None else {"parentIdTag": group}
    else:
        id_token = {"idToken": token, "type": "Central"}
        reservation = {"id": id, "evseId": connector, "idToken": id_token, "expiryDateTime": until}
        also = {} if group is None else {"groupIdToken": {"idToken": group, "type": "Central"}}
    return str((await station.call("ReserveNow", {**reservation, **also}))["status"])


async def _change_availability(station: Station, *, operative: bool) -> None:
    value = "Operative" if operative else "Inoperative"
    asked = {"connectorId": 0, "type": value} if station.version == "1.6" else {"operationalStatus": value}
    await station.call("ChangeAvailability", asked)


async def _remote_start(station: Station, token: str, connector: int | None = None) -> str:
    if station.version == "1.6":
        named = {} if connector is None else {"connectorId": connector}
        answer = await station.call("RemoteStartTransaction", {"idTag": token, **named})
    else:
        named = {} if connector is None else {"evseId": connector}
        id_token = {"idToken": token, "type": "Central"}
        answer = await station.call("RequestStartTransaction", {"idToken": id_token, "remoteStartId": 1, **named})
    return str(answer["status"])
