"""From a charger's rows to its charge point."""

from __future__ import annotations

from fleet.connector import Connector
from fleet.memory import recall
from fleet.plate import Nameplate
from fleet.station import Recorder, Station
from fleet.supply import Supply
from fleet.v16 import V16
from fleet.v201 import V201
from storage.equipment import AC_VOLTAGE_V, DC_VOLTAGE_V, FAST_DC_MIN_W, FAST_DC_VOLTAGE_V, SINGLE_PHASE_MAX_W
from storage.models import Charger, Evse, OcppVersion

VERSIONS: dict[str, V16 | V201] = {OcppVersion.OCPP_1_6: V16(), OcppVersion.OCPP_2_0_1: V201()}

DEFAULT_POWER_W = 22_000
AC_TYPES = frozenset({"Type1", "Type2", "GBT_AC"})
AC_MAX_W = 22_000  # some models have an AC outlet of another type; what gives more is DC


def build(charger: Charger, recorder: Recorder, *, speed: float) -> Station:
    """The charge point as it was when its power was cut; needs the charger's connectors and EVSEs loaded."""
    charge_point = charger.charge_point
    meters = {row.connector_number: row.meter_wh for row in charge_point.connectors}
    supply = supply_of(charger.connector_type, _power_w(charger))
    connectors = [
        Connector(number := evse.connector_number, evse.max_power or _power_w(charger), supply, meters.get(number, 0))
        for evse in sorted(charger.evses, key=_number)
    ]
    for connector, evse in zip(connectors, sorted(charger.evses, key=_number), strict=True):
        connector.written_status = evse.status
    plate = Nameplate(
        id=charger.id,
        organization_id=charger.organization_id,
        charge_point_id=charge_point.id,
        identity=charger.identity,
        vendor=charger.vendor_name,
        model=charger.model,
        serial_number=charge_point.serial_number,
        firmware_version=charge_point.firmware_version,
        connector_type=charger.connector_type,
        max_power_w=_power_w(charger),
        ws_url=charger.ws_url,
    )
    memory = recall(charge_point.configuration, connectors)
    version = VERSIONS[charger.ocpp_version]
    return Station(plate, version, version.handlers, connectors, memory, recorder, speed=speed)


def supply_of(connector_type: str, power_w: int) -> Supply:
    """What OCPI is told of such a connector too (`storage.equipment.electrical`)."""
    if connector_type not in AC_TYPES and power_w > AC_MAX_W:
        return Supply(FAST_DC_VOLTAGE_V if power_w >= FAST_DC_MIN_W else DC_VOLTAGE_V, phases=0)
    return Supply(AC_VOLTAGE_V, phases=1 if power_w <= SINGLE_PHASE_MAX_W else 3)


def _power_w(charger: Charger) -> int:
    return charger.max_charging_power or DEFAULT_POWER_W


def _number(evse: Evse) -> int:
    return evse.connector_number
