"""Commands to chargers that are connected, with the published client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ocpplab import (
    AuthorizeIdTagCommandEvent,
    ChargerCommandTarget,
    ClearFaultEvent,
    CommandTarget,
    ConfigurationUpdateEvent,
    ConnectorCommandEvent,
    EmptyEvent,
    InjectFaultEvent,
    LocalAuthListEntry,
    LocalAuthListEvent,
    PowerUpdateCommandEvent,
    ProxyMessageEvent,
    StartSessionCommandEvent,
    StartTransactionCommandEvent,
    StopSessionCommandEvent,
    StopTransactionCommandEvent,
)

from tests.support.csms import Csms, Station
from tests.support.gateway import Tenant
from tests.support.published_client import Client
from tests.support.rest import connected_chargers


async def one_station(tenant: Tenant, csms: Csms) -> tuple[ChargerCommandTarget, Station]:
    """A charger that is connected to the CSMS: as a target, and as the CSMS sees it."""
    (charger,) = await connected_chargers(tenant, csms, "001")
    return ChargerCommandTarget(charger_id=charger["id"]), await csms.station(charger["identity"])


async def queued(client: Client, tenant: Tenant, csms: Csms, name: str, event: Any) -> tuple[CommandTarget, Station]:
    """A charger that took this command."""
    single, station = await one_station(tenant, csms)
    target = CommandTarget(charger_id=single.charger_id)
    answer = await client(f"commands.{name}", target=target, event=event)
    assert (answer.queued_count, answer.results[0].command.event_type) == (1, name)
    return target, station


async def plugged(client: Client, tenant: Tenant, csms: Csms) -> tuple[CommandTarget, Station]:
    target, station = await queued(client, tenant, csms, "plug_connector", ConnectorCommandEvent())
    await station.status("Preparing")
    return target, station


async def charging(client: Client, tenant: Tenant, csms: Csms) -> tuple[CommandTarget, Station]:
    target, station = await queued(client, tenant, csms, "start_session", StartSessionCommandEvent(id_tag="TAG"))
    await station.status("Charging")
    return target, station


async def test_commands_proxy_message(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await one_station(tenant, csms)
    event = ProxyMessageEvent(
        action="boot_notification",
        ocpp_version="ocpp1.6",
        payload={"charge_point_vendor": "Chargeyard", "charge_point_model": "SDK-DC-50"},
    )

    answer = await client("commands.proxy_message", target=target, event=event)

    assert (answer.event_type, answer.ocpp_version, answer.payload) == ("boot_notification", "ocpp1.6", event.payload)
    assert await station.receives("BootNotification", 2) == {
        "chargePointVendor": "Chargeyard",
        "chargePointModel": "SDK-DC-50",
    }


async def test_commands_set_configuration(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, _ = await one_station(tenant, csms)

    answer = await client(
        "commands.set_configuration",
        target=target,
        event=ConfigurationUpdateEvent(configuration={"HeartbeatInterval": "30"}),
    )

    assert (answer.status, answer.configured) == ("Accepted", ["HeartbeatInterval"])


async def test_commands_reset_auth_cache(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, _ = await one_station(tenant, csms)

    answer = await client("commands.reset_auth_cache", target=target, event=EmptyEvent())

    assert answer.cleared_entries == 0


async def test_commands_send_local_list(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, _ = await one_station(tenant, csms)
    entry = LocalAuthListEntry(id_tag="TAG-RFID-001", expiry_date=datetime(2030, 12, 31, tzinfo=UTC))

    answer = await client(
        "commands.send_local_list", target=target, event=LocalAuthListEvent(list_version=2, entries=[entry])
    )

    assert (answer.status, answer.list_version, answer.entries_received) == ("Accepted", 2, 1)


async def test_commands_clear_local_list(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, _ = await one_station(tenant, csms)

    answer = await client("commands.clear_local_list", target=target, event=EmptyEvent())

    assert (answer.list_version, answer.entries_deleted) == (0, 0)


async def test_commands_inject_fault(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await one_station(tenant, csms)
    event = InjectFaultEvent(fault_type="OverCurrent", evse_id=1, connector_id=1)

    answer = await client("commands.inject_fault", target=target, event=event)

    assert (answer.fault_type, answer.evse_id, answer.connector_id, answer.status) == ("OverCurrent", 1, 1, "Faulted")
    await station.status("Faulted")


async def test_commands_clear_fault(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await one_station(tenant, csms)
    await client("commands.inject_fault", target=target, event=InjectFaultEvent(fault_type="OverCurrent"))
    await station.status("Faulted")

    answer = await client("commands.clear_fault", target=target, event=ClearFaultEvent(connector_id=1))

    assert answer.status == "Available"
    await station.status("Available")


async def test_commands_plug_connector(client: Client, tenant: Tenant, csms: Csms) -> None:
    _, station = await queued(client, tenant, csms, "plug_connector", ConnectorCommandEvent(evse_id=1, connector_id=1))

    await station.status("Preparing")


async def test_commands_unplug_connector(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await plugged(client, tenant, csms)

    await client("commands.unplug_connector", target=target, event=ConnectorCommandEvent())

    await station.status("Available")


async def test_commands_unlock_connector(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, _ = await plugged(client, tenant, csms)

    answer = await client("commands.unlock_connector", target=target, event=ConnectorCommandEvent(connector_id=1))

    assert (answer.queued_count, answer.failed) == (1, [])


async def test_commands_start_transaction(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await plugged(client, tenant, csms)

    await client("commands.start_transaction", target=target, event=StartTransactionCommandEvent(id_tag="TAG"))

    assert (await station.receives("StartTransaction"))["idTag"] == "TAG"


async def test_commands_stop_transaction(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await charging(client, tenant, csms)

    await client("commands.stop_transaction", target=target, event=StopTransactionCommandEvent())

    await station.receives("StopTransaction")


async def test_commands_start_session(client: Client, tenant: Tenant, csms: Csms) -> None:
    event = StartSessionCommandEvent(id_tag="TAG", duration_seconds=600, target_energy_kwh=5.5)

    _, station = await queued(client, tenant, csms, "start_session", event)

    await station.status("Charging")


async def test_commands_stop_session(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await charging(client, tenant, csms)

    await client("commands.stop_session", target=target, event=StopSessionCommandEvent())

    await station.receives("StopTransaction")
    await station.status("Available")


async def test_commands_authorize_id_tag(client: Client, tenant: Tenant, csms: Csms) -> None:
    event = AuthorizeIdTagCommandEvent(id_tag="TAG")

    _, station = await queued(client, tenant, csms, "authorize_id_tag", event)

    assert await station.receives("Authorize") == {"idTag": "TAG"}


async def test_commands_ev_stops_energy(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await charging(client, tenant, csms)

    await client("commands.ev_stops_energy", target=target, event=ConnectorCommandEvent())

    await station.status("SuspendedEV")


async def test_commands_ev_requests_energy(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, station = await charging(client, tenant, csms)
    await client("commands.ev_stops_energy", target=target, event=ConnectorCommandEvent())
    await station.status("SuspendedEV")

    await client("commands.ev_requests_energy", target=target, event=ConnectorCommandEvent())

    await station.status("Charging")


async def test_commands_power_update(client: Client, tenant: Tenant, csms: Csms) -> None:
    target, _ = await charging(client, tenant, csms)

    answer = await client("commands.power_update", target=target, event=PowerUpdateCommandEvent(power_w=3600))

    assert answer.results[0].command.payload == {"power_w": 3600}


async def test_a_command_reaches_every_charger_of_a_site(client: Client, tenant: Tenant, csms: Csms) -> None:
    chargers = await connected_chargers(tenant, csms, "1", "2")
    target = CommandTarget(location_id=chargers[0]["location_id"], charger_ids=[chargers[1]["id"], "unknown"])

    answer = await client("commands.plug_connector", target=target, event=ConnectorCommandEvent())

    assert [result.charger_id for result in answer.results] == [chargers[1]["id"]]
    assert (answer.targeted_count, answer.failed_count, answer.failed[0].identity) == (2, 1, None)
