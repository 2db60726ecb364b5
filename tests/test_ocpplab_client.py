"""The published client (PyPI `ocpplab`), unchanged: each of its calls, sync and async, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import ocpplab
import pytest
from ocpplab import (
    AsyncOcpplabSDK,
    AuthorizeIdTagCommandEvent,
    ChargerCommandTarget,
    ChargerGroup,
    ChargerTemplate,
    ClearFaultEvent,
    CommandTarget,
    ConfigurationUpdateEvent,
    ConnectorCommandEvent,
    Coordinates,
    EmptyEvent,
    InjectFaultEvent,
    LocalAuthListEntry,
    LocalAuthListEvent,
    LocationFromTemplateRequest,
    OcpiChargerGroup,
    OcpiChargerTemplate,
    OcpiCoordinates,
    OcpiCreateLocationRequest,
    OcpplabSDK,
    PowerUpdateCommandEvent,
    ProxyMessageEvent,
    StartSessionCommandEvent,
    StartTransactionCommandEvent,
    StopSessionCommandEvent,
    StopTransactionCommandEvent,
    UpdateLocationChargerItem,
)

from tests.support.csms import Csms, Station
from tests.support.gateway import Tenant
from tests.support.published_client import operations
from tests.support.rest import (
    CHARGER_TEMPLATE,
    CSMS_URL,
    NETWORK,
    SITE,
    connected_chargers,
    got,
    make_chargers,
    make_location,
    make_network,
    ready,
)


class Client:
    """One face of both clients: `await client("locations.get", location_id=…)`; nothing is tried twice."""

    def __init__(self, sdk: Any, *, is_sync: bool) -> None:
        self._sdk = sdk
        self._is_sync = is_sync

    async def __call__(self, operation: str, *arguments: Any, **keywords: Any) -> Any:
        group, _, name = operation.partition(".")
        method = getattr(getattr(self._sdk, group), name)
        keywords["request_options"] = {"max_retries": 0}
        if self._is_sync:
            return await asyncio.to_thread(method, *arguments, **keywords)
        return await method(*arguments, **keywords)


@pytest.fixture
async def client(tenant: Tenant) -> AsyncIterator[Client]:
    """The sync client on SQLite, the async one on PostgreSQL: what they send is the same."""
    options: dict[str, Any] = {"base_url": tenant.gateway.url, "token": tenant.token()}
    if tenant.gateway.services.database.is_sqlite:
        with httpx.Client(timeout=30) as http:
            yield Client(OcpplabSDK(**options, httpx_client=http), is_sync=True)
        return
    async with httpx.AsyncClient(timeout=30) as http:
        yield Client(AsyncOcpplabSDK(**options, httpx_client=http), is_sync=False)


def test_every_call_of_the_client_has_its_test() -> None:
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}

    assert {operation.name.replace(".", "_") for operation in operations()} <= tests


async def test_health_health_check(client: Client) -> None:
    assert await client("health.health_check") == {"status": "ok"}


async def test_health_landing_page(client: Client) -> None:
    assert "<html" in (await client("health.landing_page")).lower()


async def test_locations_create(client: Client) -> None:
    site = await client("locations.create", **{**SITE, "coordinates": Coordinates(**SITE["coordinates"])})

    assert (site.name, site.country, site.status, site.public) == (SITE["name"], "FR", "active", True)
    assert site.coordinates.latitude == 48.8566
    assert site.created_at == site.updated_at


async def test_locations_list(client: Client, tenant: Tenant) -> None:
    made = [await make_location(tenant) for _ in range(3)]

    listed = await client("locations.list", page=1, limit=2)

    assert [site.id for site in listed.data] == [made[2]["id"], made[1]["id"]]
    assert (listed.total, listed.page, listed.limit) == (3, 1, 2)


async def test_locations_get(client: Client, tenant: Tenant) -> None:
    made = await make_location(tenant)

    assert (await client("locations.get", made["id"])).slug == made["slug"]


async def test_locations_update(client: Client, tenant: Tenant) -> None:
    made = await make_location(tenant, owner_name="VINCI")

    changed = await client("locations.update", made["id"], city="Lyon", owner_name=None)

    assert (changed.city, changed.owner_name, changed.address) == ("Lyon", None, made["address"])


async def test_locations_delete(client: Client, tenant: Tenant) -> None:
    made = await make_location(tenant)

    await client("locations.delete", made["id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("locations.get", made["id"])


async def test_location_templates_list(client: Client) -> None:
    listed = await client("location_templates.list", type="AC-DC", ocpp_version="OCPP1.6")

    assert listed["total"] >= 1
    assert {template["type"] for template in listed["data"]} == {"AC-DC"}


async def test_ocpi_templates_list(client: Client) -> None:
    listed = await client("ocpi_templates.list")

    assert [(each.slug, each.version, each.locations, each.chargers) for each in listed.data] == [
        ("small-urban-ac", 1, 2, 6),
        ("highway-dc", 1, 3, 6),
        ("mixed-depot", 1, 1, 6),
    ]
    assert listed.total == 3


async def test_catalog_list_brands(client: Client) -> None:
    listed = await client("catalog.list_brands", page=1, limit=100)

    assert {"wallbox", "schneider", "abb"} <= {brand.slug for brand in listed.data}
    assert listed.total == len(listed.data)


async def test_catalog_list_models(client: Client) -> None:
    listed = await client("catalog.list_models", "wallbox", page=1, limit=50)

    assert "wallbox-pulsar-plus" in {model.slug for model in listed.data}


async def test_catalog_get_model(client: Client) -> None:
    model = await client("catalog.get_model", "wallbox", "wallbox-pulsar-plus")

    assert (model.name, model.current_type, model.supported_kwh) == ("Pulsar Plus", "ac", [7.4, 22])


async def test_ocpi_cpos_create(client: Client, tenant: Tenant) -> None:
    network = await client(
        "ocpi_cpos.create",
        template="small-urban-ac",
        country_code="FR",
        party_id="ABC",
        name_prefix="alice",
        role="cpo",
        ocpi_version="2.2.1",
        seed=42,
        ttl_seconds=7200,
        overrides={"chargers_per_location": 3, "locations": 2},
    )

    assert (network.party.party_id, network.party.role, network.template_version) == ("ABC", "CPO", 1)
    assert network.roam_helper.credentials_payload == {"token": network.token_a, "url": network.ocpi_peer_url}
    assert (await ready(tenant, network.status_url))["error"] is None


async def test_ocpi_cpos_create_without_an_end(client: Client) -> None:
    network = await client("ocpi_cpos.create", **NETWORK, ttl_seconds=None)

    assert network.expires_at is None


async def test_ocpi_cpos_list(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    listed = await client("ocpi_cpos.list", page=1, limit=10)

    assert [cpo.cpo_id for cpo in listed.data] == [made["cpo_id"]]
    assert listed.data[0].token_a is None


async def test_ocpi_cpos_get_status(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    status = await client("ocpi_cpos.get_status", made["cpo_id"])

    assert (status.status, status.error, status.progress) == ("READY", None, None)
    assert status.provisioned_at >= status.created_at


async def test_ocpi_cpos_get(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    cpo = await client("ocpi_cpos.get", made["cpo_id"])

    assert (cpo.topology.locations, cpo.topology.chargers, cpo.topology.evses, cpo.topology.connectors) == (1, 1, 1, 1)


async def test_ocpi_cpos_get_report(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    report = await client("ocpi_cpos.get_report", made["cpo_id"])

    assert report.markdown.startswith(f"# CPO {made['cpo_id']} — alice (small-urban-ac)")


async def test_ocpi_cpos_delete(client: Client, tenant: Tenant) -> None:
    made = await make_network(tenant)

    await client("ocpi_cpos.delete", made["cpo_id"])
    await client("ocpi_cpos.delete", made["cpo_id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("ocpi_cpos.get", made["cpo_id"])


async def test_ocpi_locations_create(client: Client, tenant: Tenant) -> None:
    cpo_id = (await make_network(tenant))["cpo_id"]
    full = OcpiCreateLocationRequest(
        **{**SITE, "coordinates": OcpiCoordinates(**SITE["coordinates"])},
        parking_type="PARKING_GARAGE",
        charges=[OcpiChargerGroup(template=OcpiChargerTemplate(**CHARGER_TEMPLATE), charger_ids=["001", "002"])],
    )
    template = LocationFromTemplateRequest(template="urban-ac-hub", overrides={"identity_prefix": "HUB-"})

    job = await client("ocpi_locations.create", cpo_id, locations=[full, template])

    answer = await ready(tenant, job.status_url)
    assert [len(site["chargers"]) for site in answer["results"]["created"]] == [2, 4]


async def test_ocpi_locations_get_bulk_job(client: Client, tenant: Tenant) -> None:
    cpo_id = (await make_network(tenant))["cpo_id"]
    accepted = await client("ocpi_locations.create", cpo_id, locations=[OcpiCreateLocationRequest(**SITE)])
    await ready(tenant, accepted.status_url)

    job = await client("ocpi_locations.get_bulk_job", cpo_id, accepted.job_id)

    assert (job.status, job.results["created_count"], job.results["failed"]) == ("READY", 1, [])


async def test_ocpi_locations_list(client: Client, tenant: Tenant) -> None:
    cpo_id = (await make_network(tenant))["cpo_id"]

    listed = await client("ocpi_locations.list", cpo_id, page=1, limit=10)

    assert listed.total == 1
    assert listed.data[0].chargers[0].evses[0].evse_uid == listed.data[0].chargers[0].identity


async def test_ocpi_locations_get(client: Client, tenant: Tenant) -> None:
    cpo_id, site = await one_site(tenant)

    assert (await client("ocpi_locations.get", cpo_id, site["id"])).name == site["name"]


async def test_ocpi_locations_update(client: Client, tenant: Tenant) -> None:
    cpo_id, site = await one_site(tenant)

    changed = await client("ocpi_locations.update", cpo_id, site["id"], name="New", timezone=None)

    assert (changed.name, changed.timezone, changed.slug) == ("New", None, site["slug"])


async def test_ocpi_locations_delete(client: Client, tenant: Tenant) -> None:
    cpo_id, site = await one_site(tenant)

    await client("ocpi_locations.delete", cpo_id, site["id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("ocpi_locations.delete", cpo_id, site["id"])


async def test_chargers_create(client: Client, tenant: Tenant) -> None:
    accepted = await client(
        "chargers.create",
        identity="PARIS-001",
        brand_slug="schneider",
        model_slug="evlink-pro-ac-22kw",
        connector_type="CCS2",
        ws_url=CSMS_URL,
        ocpp_version="OCPP1.6",
        charge_point_name="Bay 1",
        location_id=(await make_location(tenant))["id"],
        location_name="Hub",
    )

    assert accepted.identity == "PARIS-001"
    assert (await ready(tenant, accepted.status_url))["charger_id"] == accepted.charger_id


async def test_chargers_list(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    listed = await client("chargers.list", location_id=charger["location_id"], page=1, limit=10)

    assert [row.id for row in listed.data] == [charger["id"]]


async def test_chargers_get(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    row = await client("chargers.get", charger["id"])

    assert (row.identity, row.vendor_name, row.max_charging_power) == ("PARIS-001", "Schneider Electric", 22000)


async def test_chargers_get_status(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    status = await client("chargers.get_status", charger["id"])

    assert (status.charger_id, status.status, status.error) == (charger["id"], "READY", None)


async def test_location_chargers_create(client: Client, tenant: Tenant) -> None:
    site = await make_location(tenant)
    group = ChargerGroup(template=ChargerTemplate(**CHARGER_TEMPLATE), charger_ids=["1"], chargers_number=3)

    job = await client("location_chargers.create", site["id"], request=[group])

    assert (await ready(tenant, job.status_url))["results"]["created_count"] == 3


async def test_location_chargers_get_bulk_job(client: Client, tenant: Tenant) -> None:
    site = await make_location(tenant)
    group = ChargerGroup(template=ChargerTemplate(**CHARGER_TEMPLATE), charger_ids=["1", "1"])
    accepted = await client("location_chargers.create", site["id"], request=[group])
    await ready(tenant, accepted.status_url)

    job = await client("location_chargers.get_bulk_job", site["id"], accepted.job_id)

    assert (job.status, job.results["created_count"], job.results["failed_count"]) == ("READY", 1, 1)


async def test_location_chargers_list(client: Client, tenant: Tenant) -> None:
    site = await make_location(tenant)
    first, _ = await make_chargers(tenant, site["id"], "1", "2")

    listed = await client("location_chargers.list", site["id"], charger_ids=[first["id"]])

    assert [row.id for row in listed.data] == [first["id"]]


async def test_chargers_update(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    changed = await client("chargers.update", charger["id"], charge_point_name="Bay 7", ws_url=f"{CSMS_URL}/b")

    assert (changed.name, changed.identity) == ("Bay 7", "PARIS-001")


async def test_chargers_delete(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    await client("chargers.delete", charger["id"])

    with pytest.raises(ocpplab.NotFoundError):
        await client("chargers.get", charger["id"])


async def test_chargers_stop_runtime(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    answer = await client("chargers.stop_runtime", charger["id"], request={})

    assert (answer.id, answer.event_type, answer.ocpp_version) == (charger["id"], "stop_charger", "OCPP1.6")
    assert answer.payload["desired_count"] == 0


async def test_chargers_start_runtime(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    answer = await client("chargers.start_runtime", charger["id"], request={})

    assert (answer.event_type, answer.payload["desired_count"]) == ("start_charger", 1)


async def test_chargers_reset_runtime(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    answer = await client("chargers.reset_runtime", charger["id"], request={})

    assert answer.event_type == "reset_charger"


async def test_chargers_get_logs(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    logs = await client(
        "chargers.get_logs", charger["id"], start_date=datetime(2026, 1, 1, tzinfo=UTC), event="Heartbeat", limit=10
    )

    assert (logs.data, logs.total, logs.limit, logs.offset) == ([], 0, 10, 0)


async def test_location_chargers_update(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)
    items = [
        UpdateLocationChargerItem(charger_id=charger["id"], name="Bay 7"),
        UpdateLocationChargerItem(charger_id="unknown"),
    ]

    answer = await client("location_chargers.update", charger["location_id"], chargers=items)

    assert (answer.updated_count, answer.failed_count) == (1, 1)
    assert (answer.updated[0].name, answer.failed[0].charger_id) == ("Bay 7", "unknown")


async def test_location_chargers_delete(client: Client, tenant: Tenant) -> None:
    charger = await one_charger(tenant)

    answer = await client("location_chargers.delete", charger["location_id"], charger_ids=[charger["id"], "unknown"])

    assert (answer.deleted, answer.failed[0].charger_id) == ([charger["id"]], "unknown")


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


async def one_site(tenant: Tenant) -> tuple[str, dict[str, Any]]:
    """A network's id, and its only site."""
    cpo_id = (await make_network(tenant))["cpo_id"]
    (site,) = (await got(tenant, f"/ocpi/cpos/{cpo_id}/locations"))["data"]
    return cpo_id, site


async def one_charger(tenant: Tenant) -> dict[str, Any]:
    (charger,) = await make_chargers(tenant, (await make_location(tenant))["id"], "001")
    return charger


async def test_a_token_that_does_not_verify_raises_what_the_client_has_for_it(tenant: Tenant) -> None:
    async with httpx.AsyncClient() as http:
        sdk = AsyncOcpplabSDK(base_url=tenant.gateway.url, token="nonsense", httpx_client=http)
        with pytest.raises(ocpplab.UnauthorizedError) as caught:
            await sdk.locations.list()
    assert caught.value.body.detail == "The token is not valid."


async def test_a_value_that_breaks_a_rule_raises_what_the_client_has_for_it(client: Client) -> None:
    with pytest.raises(ocpplab.UnprocessableEntityError) as caught:
        await client("locations.list", limit=101)
    assert caught.value.body["detail"][0]["loc"] == ["query", "limit"]
