"""What is written on a charger."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What a charger is; nothing here changes while it runs."""

    id: str
    organization_id: str
    charge_point_id: str
    identity: str
    vendor: str
    model: str
    serial_number: str
    firmware_version: str
    connector_type: str
    max_power_w: int
    ws_url: str
