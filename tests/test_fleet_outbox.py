"""Messages of transactions on their way: they wait for the CSMS that answers them, whatever it does meanwhile."""

from __future__ import annotations

import pytest

from storage.models import OcppVersion
from tests.support.chargers import booted, eventually, remembering
from tests.support.csms import ACCEPT, SILENCE, CallError, Csms, now, reply
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

pytestmark = ONE_DATABASE

V16 = OcppVersion.OCPP_1_6


async def test_a_message_that_the_csms_leaves_unanswered_is_delivered_at_the_next_connection(
    tenant: Tenant, csms: Csms, version: OcppVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.link.CALL_TIMEOUT_S", 1.0)
    key = "TransactionMessageAttempts" if version is V16 else "OCPPCommCtrlr__MessageAttempts"
    end = "StopTransaction" if version is V16 else "TransactionEvent"
    charger, station = await booted(tenant, csms, version=version, memory=remembering(**{key: 1}))
    await charger.does("startSession", idTag="TAG-1")
    await station.until(lambda s: s.last_status() == "Charging" or len(s.sent("TransactionEvent")) == 2)
    told = len(station.sent(end))

    csms.behaviours[end] = reply(SILENCE, ACCEPT)
    await charger.does("stopSession")
    await station.receives(end, told + 2)

    assert station.sent(end)[told] == station.sent(end)[told + 1]
    assert station.connections == 2
    await eventually(charger.memory, lambda memory: "outbox" not in memory)


async def test_a_message_that_is_tried_again_waits_until_the_csms_has_accepted_the_boot(
    tenant: Tenant, csms: Csms
) -> None:
    charger, station = await booted(tenant, csms, memory=remembering(TransactionMessageRetryInterval=1))
    await charger.does("startSession", idTag="TAG-1")
    await station.status("Charging")
    pending = {"status": "Pending", "interval": 2, "currentTime": now()}
    csms.behaviours["BootNotification"] = reply(pending, ACCEPT)
    csms.behaviours["StopTransaction"] = reply(CallError("InternalError"), ACCEPT)

    await charger.does("stopSession")
    await station.receives("StopTransaction")
    await station.hang_up()
    await station.receives("StopTransaction", 2)

    said = [action for action in station.actions() if action in ("BootNotification", "StopTransaction")]
    assert said == ["BootNotification", "StopTransaction", "BootNotification", "BootNotification", "StopTransaction"]
