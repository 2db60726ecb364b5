"""The device model (OCPP 2.0.1 Part 1 §4): every variable of the station, its EVSEs and its connectors.

What a CSMS configures stands in `fleet.v201.variables`; the rest is what the hardware is and is in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fleet.clock import timestamp
from fleet.connector import Connector
from fleet.frames import Payload
from fleet.keys import UNLIMITED, Key, Kind
from fleet.station import Station
from fleet.v201.variables import INSTANCES

AVAILABILITY = "AvailabilityState"
STATES = "Available,Occupied,Reserved,Unavailable,Faulted"

# ConnectorEnumType; it has no word for GB/T
CONNECTOR_TYPES = {
    "Type1": "cType1",
    "Type2": "sType2",
    "CCS1": "cCCS1",
    "CCS2": "cCCS2",
    "CHAdeMO": "cG105",
    "NACS": "cTesla",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of one component. `key` is what configures it; `value` is None where it can't be read."""

    component: Payload
    variable: Payload
    value: str | None
    mutability: str
    characteristics: Payload
    key: Key | None = None

    def belongs_to(self, component: Payload) -> bool:
        """Whether a ComponentType means its component."""
        return _address(component) == _address(self.component)

    def is_named(self, variable: Payload) -> bool:
        """Whether a VariableType means it, of its component."""
        return _words(variable) == _words(self.variable)


def variables(station: Station) -> list[Variable]:
    """All there are, with their values now."""
    configured = [v for key in station.dialect.keys.by_name.values() for v in _configured(station, key)]
    station_state = _reading({"name": "ChargingStation"}, AVAILABILITY, _state(station), *_OPTIONS)
    time = _reading({"name": "ClockCtrlr"}, "DateTime", timestamp(), "dateTime")
    return [*configured, time, station_state, *(v for c in station.connectors for v in _of_connector(station, c))]


def find(known: Iterable[Variable], component: Payload, variable: Payload) -> Variable | str:
    """The variable that is meant, or which part of its name is unknown."""
    own = [candidate for candidate in known if candidate.belongs_to(component)]
    if not own:
        return "UnknownComponent"
    return next((candidate for candidate in own if candidate.is_named(variable)), "UnknownVariable")


def _configured(station: Station, key: Key) -> list[Variable]:
    """What a key is as a variable: one for each of its instances."""
    component, _, name = key.name.partition(".")
    named = [{"name": name, "instance": instance} for instance in INSTANCES.get(key.name, ())] or [{"name": name}]
    value = None if key.write_only else station.value(key)
    return [
        Variable({"name": component}, variable, value, _mutability(key), _characteristics(key), key)
        for variable in named
    ]


def _mutability(key: Key) -> str:
    if key.write_only:
        return "WriteOnly"
    return "ReadOnly" if key.read_only else "ReadWrite"


def _characteristics(key: Key) -> Payload:
    characteristics: Payload = {"dataType": key.kind.value, "supportsMonitoring": False}
    if key.kind is Kind.INTEGER and not key.read_only:
        characteristics |= {"minLimit": key.minimum, "maxLimit": key.maximum}
    elif key.kind is Kind.INTEGER and key.maximum < UNLIMITED:
        characteristics["maxLimit"] = key.maximum
    if key.members:
        characteristics["valuesList"] = ",".join(sorted(key.members))
    return characteristics


def _of_connector(station: Station, connector: Connector) -> list[Variable]:
    """The variables of an EVSE and of its one connector."""
    evse: Payload = {"name": "EVSE", "evse": {"id": connector.number}}
    plug: Payload = {"name": "Connector", "evse": {"id": connector.number, "connectorId": 1}}
    state, phases = station.dialect.status_name(connector.status), str(connector.supply.phases)
    power_w, most = str(round(connector.meter.power_w)), {"unit": "W", "maxLimit": connector.max_power_w}
    connector_type = CONNECTOR_TYPES.get(station.plate.connector_type, "Unknown")
    return [
        _reading(evse, AVAILABILITY, state, *_OPTIONS),
        _reading(evse, "Available", "true", "boolean"),
        _reading(evse, "Power", power_w, "decimal", most),
        _reading(evse, "SupplyPhases", phases, "integer"),
        _reading(plug, AVAILABILITY, state, *_OPTIONS),
        _reading(plug, "Available", "true", "boolean"),
        _reading(plug, "ConnectorType", connector_type, "string"),
        _reading(plug, "SupplyPhases", phases, "integer"),
    ]


_OPTIONS: tuple[str, Payload] = "OptionList", {"valuesList": STATES}


def _reading(component: Payload, name: str, value: str, type: str, more: Payload | None = None) -> Variable:
    """A variable that can be read only."""
    characteristics = {"dataType": type, "supportsMonitoring": False, **(more or {})}
    return Variable(component, {"name": name}, value, "ReadOnly", characteristics)


def _state(station: Station) -> str:
    """A station is available while one of its EVSEs is."""
    states = {station.dialect.status_name(connector.status) for connector in station.connectors}
    if "Available" in states:
        return "Available"
    return states.pop() if len(states) == 1 else "Occupied"


def _address(component: Payload) -> tuple[Any, ...]:
    evse = component.get("evse", {})
    return *_words(component), evse.get("id"), evse.get("connectorId")


def _words(named: Payload) -> tuple[str, str]:
    """Name and instance; identifiers are case-insensitive (Part 2 §2.1)."""
    return named["name"].lower(), named.get("instance", "").lower()
