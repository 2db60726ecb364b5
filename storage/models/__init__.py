"""The rows: one in-process shape per entity."""

from storage.models.base import Base, Record, TenantOwned, new_id, utc_now, wire
from storage.models.catalog import Brand, Model
from storage.models.chargers import (
    ChargePoint,
    ChargePointConnector,
    Charger,
    Evse,
    EvseStatus,
    OcpiConnector,
    OcppMessage,
    OcppVersion,
    RuntimeStatus,
    Topology,
)
from storage.models.cpos import Cpo, Credentials, Organization
from storage.models.fleet import ConnectorEvent, FleetCommand, FleetCommandStatus, FleetNode
from storage.models.jobs import Job, JobEvent, JobItem, JobItemStatus, JobType
from storage.models.locations import Location, OcpiLocation
from storage.models.provisioning import Provisioned, ProvisioningStatus

__all__ = [
    "Base", "Brand", "ChargePoint", "ChargePointConnector", "Charger", "ConnectorEvent", "Cpo", "Credentials",
    "Evse", "EvseStatus", "FleetCommand", "FleetCommandStatus", "FleetNode", "Job", "JobEvent", "JobItem",
    "JobItemStatus", "JobType", "Location", "Model", "OcpiConnector", "OcpiLocation", "OcppMessage", "OcppVersion",
    "Organization", "Provisioned", "ProvisioningStatus", "Record", "RuntimeStatus", "TenantOwned", "Topology",
    "new_id", "utc_now", "wire",
]  # fmt: skip
