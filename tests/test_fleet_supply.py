"""What chargers are fed with, as they reckon and as OCPI is told."""

from __future__ import annotations

from fleet.build import supply_of
from storage.equipment import Equipment, electrical
from storage.seed import BRANDS

PHASES = {"AC_1_PHASE": 1, "AC_3_PHASE": 3, "DC": 0}


def test_chargers_are_fed_as_ocpi_is_told() -> None:
    """Every model of the catalog, with each of its connectors."""
    for models in BRANDS.values():
        for model in models:
            power_w = round(max(model.supported_kw) * 1000)
            for connector_type in model.connector_types:
                equipment = Equipment("", "", "", "", None, 1, model.current_type, power_w, model.connector_types)
                told = electrical(connector_type, equipment)

                supply = supply_of(connector_type, power_w)

                assert (supply.voltage_v, supply.phases) == (told["max_voltage"], PHASES[told["power_type"]])
