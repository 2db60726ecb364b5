"""The commands of the API on a running charge point; what OCPP has no message for, a person would do by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ocpp.charge_point import snake_to_camel_case

from fleet import authorization, charging, configuration, local_list
from fleet.charging import Refused
from fleet.connector import Authorization, Connector
from fleet.dialect import StopReason
from fleet.frames import Violation, check_payload
from fleet.keys import Outcome
from fleet.network import PERFECT, Conditions
from fleet.station import Station

MAX_ID_TAG_16 = 20  # OCPP 1.6 §7.27, CiString20Type

Arguments = Mapping[str, Any]
Answer = dict[str, Any]


def execute(station: Station, name: str, arguments: Arguments) -> Answer:
    """Does what a command says and gives the charger's answer. Raises Refused with the reason why it can't.

    What takes a conversation with the CSMS goes on in the background.
    """
    return COMMANDS[name](station, arguments)


def _plug(station: Station, arguments: Arguments) -> Answer:
    charging.plug(station, _pick(station, arguments, lambda c: not c.plugged and c.is_free))
    return {}


def _unplug(station: Station, arguments: Arguments) -> Answer:
    charging.unplug(station, _pick(station, arguments, lambda c: c.plugged))
    return {}


def _unlock(station: Station, arguments: Arguments) -> Answer:
    charging.unlock(station, _pick(station, arguments, lambda c: c.plugged))
    return {}


def _start_transaction(station: Station, arguments: Arguments) -> Answer:
    by = Authorization(_token(station, arguments))
    connector = _pick(station, arguments, lambda c: charging.why_not_start(station, c, by) is None)
    charging.start(station, connector, by)
    return {}


def _stop_transaction(station: Station, arguments: Arguments) -> Answer:
    wanted = arguments.get("transaction_id")
    if wanted is None:
        charging.stop(station, _pick(station, {}, lambda c: c.transaction is not None), StopReason.LOCAL)
        return {}
    found = charging.find_transaction(station, wanted)
    if found is None:
        raise Refused(f"There is no running transaction {wanted}.")
    charging.stop(station, found[0], StopReason.LOCAL)
    return {}


def _start_session(station: Station, arguments: Arguments) -> Answer:
    stop_after_s, stop_after_wh = arguments.get("duration_seconds"), _watt_hours(arguments)
    by = Authorization(_token(station, arguments), stop_after_s=stop_after_s, stop_after_wh=stop_after_wh)

    def why_not(connector: Connector, *, asks: bool = False) -> str | None:
        if connector.authorization is not None:
            return f"Connector {connector.number} waits for another token."
        return charging.why_not_for(station, connector, by, asks=asks)

    connector = _pick(station, arguments, lambda c: not c.plugged and why_not(c) is None)
    reason = why_not(connector, asks=station.online)
    if reason is not None:
        raise Refused(reason)
    if not connector.plugged:
        charging.plug(station, connector)
    station.follow(lambda: charging.present(station, connector, by))
    return {}


def _stop_session(station: Station, arguments: Arguments) -> Answer:
    connector = _pick(station, arguments, lambda c: c.transaction is not None)
    token = connector.transaction.token if connector.transaction else None
    charging.stop(station, connector, StopReason.LOCAL, token)
    if connector.plugged:
        charging.unplug(station, connector)
    return {}


def _authorize(station: Station, arguments: Arguments) -> Answer:
    token = _token(station, arguments)
    if not station.online:
        raise Refused("The charger is not connected to its CSMS.")
    station.follow(lambda: _ask(station, token))
    return {}


async def _ask(station: Station, token: str) -> None:
    await authorization.authorize(station, token)


def _energy(wanted: bool) -> Callable[[Station, Arguments], Answer]:
    def command(station: Station, arguments: Arguments) -> Answer:
        charging.set_energy(station, _pick(station, arguments, lambda c: c.transaction is not None), wanted=wanted)
        return {}

    return command


def _power_update(station: Station, arguments: Arguments) -> Answer:
    charging.set_power(station, _pick(station, arguments, lambda c: c.transaction is not None), arguments["power_w"])
    return {}


def _inject_fault(station: Station, arguments: Arguments) -> Answer:
    for connector in _all_or_one(station, arguments):
        charging.inject_fault(station, connector, arguments["fault_type"])
    return {"msg": "The fault is injected.", "fault_type": arguments["fault_type"], **_fault(station, arguments)}


def _clear_fault(station: Station, arguments: Arguments) -> Answer:
    faulted = [connector for connector in _all_or_one(station, arguments) if connector.fault is not None]
    fault = faulted[0].fault if faulted else None
    for connector in faulted:
        charging.clear_fault(station, connector)
    message = "The fault is cleared." if faulted else "There was no fault."
    return {"msg": message, "fault_type": fault, **_fault(station, arguments)}


def _fault(station: Station, arguments: Arguments) -> Answer:
    status = _all_or_one(station, arguments)[0].status.value
    return {"evse_id": arguments.get("evse_id"), "connector_id": arguments.get("connector_id"), "status": status}


def _configure(station: Station, arguments: Arguments) -> Answer:
    outcomes = {key: configuration.change(station, key, value) for key, value in arguments["configuration"].items()}
    configured = [key for key, outcome in outcomes.items() if outcome in (Outcome.ACCEPTED, Outcome.REBOOT_REQUIRED)]
    reached = set(outcomes.values())
    if reached == {Outcome.ACCEPTED}:
        status = Outcome.ACCEPTED
    else:
        status = Outcome.REBOOT_REQUIRED if reached <= {Outcome.ACCEPTED, Outcome.REBOOT_REQUIRED} else Outcome.REJECTED
    listed = ", ".join(f"{key}: {outcome.value}" for key, outcome in outcomes.items())
    return {"status": status.value, "msg": listed, "configured": configured, "outcomes": outcomes}


def _clear_cache(station: Station, _arguments: Arguments) -> Answer:
    cleared = authorization.clear_cache(station)
    return {"msg": f"{cleared} cached tokens were cleared.", "cleared_entries": cleared}


def _put_local_list(station: Station, arguments: Arguments) -> Answer:
    version, entries = arguments["list_version"], arguments["entries"]
    if version <= station.memory.list_version:
        raise Refused(f"list_version must be greater than {station.memory.list_version}, which the charger has.")
    before = len(station.memory.local_list)
    local_list.replace(station, version, {entry["id_tag"]: _list_entry(entry) for entry in entries})
    return {
        "status": "Accepted",
        "list_version": version,
        "entries_received": len(entries),
        "entries_deleted": before,
        "msg": f"The local list has {len(station.memory.local_list)} entries, version {version}.",
    }


def _clear_local_list(station: Station, _arguments: Arguments) -> Answer:
    deleted = len(station.memory.local_list)
    local_list.replace(station, 0, {})
    return {
        "status": "Accepted",
        "list_version": 0,
        "entries_received": 0,
        "entries_deleted": deleted,
        "msg": f"{deleted} entries of the local list were deleted.",
    }


def _list_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": "Accepted", "expires_at": entry.get("expiry_date"), "parent": entry.get("parent_id_tag")}


def _proxy(station: Station, arguments: Arguments) -> Answer:
    action = next((name for name in station.dialect.messages if snake_case(name) == arguments["action"]), None)
    payload = snake_to_camel_case(arguments["payload"])
    if not station.connected:
        raise Refused("The charger is not connected to its CSMS.")
    if action is None:
        told = f"Chargers of OCPP {station.version} send no message that is called {arguments['action']!r} here"
        raise Refused(f"{told}; the names are in snake_case, such as boot_notification.")
    try:
        check_payload(station.version, action, payload)
    except Violation as violation:
        raise Refused(f"The payload is not a valid {action}: {violation.description}") from violation
    station.follow(lambda: station.send((action, payload)))
    return {}


def _set_network(station: Station, arguments: Arguments) -> Answer:
    conditions = Conditions(**arguments)
    station.set_network(PERFECT if conditions == PERFECT else conditions)  # `is PERFECT` is what a link looks at
    return {}


COMMANDS: dict[str, Callable[[Station, Arguments], Answer]] = {
    "plug_connector": _plug,
    "unplug_connector": _unplug,
    "unlock_connector": _unlock,
    "start_transaction": _start_transaction,
    "stop_transaction": _stop_transaction,
    "start_session": _start_session,
    "stop_session": _stop_session,
    "authorize_id_tag": _authorize,
    "ev_requests_energy": _energy(True),
    "ev_stops_energy": _energy(False),
    "power_update": _power_update,
    "inject_fault": _inject_fault,
    "clear_fault": _clear_fault,
    "configuration": _configure,
    "cache_reset": _clear_cache,
    "local_auth_list": _put_local_list,
    "clear_local_auth_list": _clear_local_list,
    "proxy_message": _proxy,
    "network_conditions": _set_network,
}


def _pick(station: Station, arguments: Arguments, fits: Callable[[Connector], bool]) -> Connector:
    """The connector that is named, or the first that fits, or the first of all, which says why none does."""
    number = _number(station, arguments)
    if number is None:
        return charging.first(station, fits) or station.connectors[0]
    connector = station.connector(number)
    if connector is None:
        raise Refused(f"The charger has no connector {number}; it has {len(station.connectors)}.")
    return connector


def _all_or_one(station: Station, arguments: Arguments) -> list[Connector]:
    return station.connectors if _number(station, arguments) is None else [_pick(station, arguments, lambda c: True)]


def _number(station: Station, arguments: Arguments) -> int | None:
    """Every connector is its own EVSE: in 2.0.1 the EVSE's number tells, in 1.6 the connector's."""
    names = ("connector_id", "evse_id") if station.version == "1.6" else ("evse_id", "connector_id")
    return next((arguments[name] for name in names if arguments.get(name) is not None), None)


def _token(station: Station, arguments: Arguments) -> str:
    token: str = arguments["id_tag"]
    if station.version == "1.6" and len(token) > MAX_ID_TAG_16:
        raise Refused(f"An idTag of OCPP 1.6 has at most {MAX_ID_TAG_16} characters.")
    return token


def snake_case(action: str) -> str:
    """`BootNotification` as the API writes it: `boot_notification`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", action).lower()


def _watt_hours(arguments: Arguments) -> float | None:
    kwh = arguments.get("target_energy_kwh")
    return None if kwh is None else kwh * 1000
