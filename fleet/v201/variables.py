"""The variables of OCPP 2.0.1 (Part 2 Appendix 3) that this charging station has, as `Component.Variable`."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.bounds import DATA_TRANSFER, LOCAL_LIST, MAX_BYTES, Bound, Bounds
from fleet.keys import Holder, Key, Keys, Kind, Setting, boolean, fixed, integer, measurands
from fleet.local_list import MAX_ENTRIES
from fleet.profiles import MAX_PERIODS, MAX_STACK_LEVEL
from fleet.samples import MEASURANDS, REGISTER

MAX_VARIABLES = 100
MEASURED = f"{REGISTER},Power.Active.Import"


def _identity(holder: Holder) -> str:
    return holder.plate.identity


def _model(holder: Holder) -> str:
    return holder.plate.model


def _vendor(holder: Holder) -> str:
    return holder.plate.vendor


def _phases(holder: Holder) -> str:
    """The phases of the grid, which direct current comes from too."""
    return str(holder.connectors[0].supply.phases or 3)


VARIABLES = Keys(
    [
        integer("OCPPCommCtrlr.HeartbeatInterval", 300, Setting.HEARTBEAT_INTERVAL, minimum=1),
        integer("OCPPCommCtrlr.MessageAttempts", 3, Setting.MESSAGE_ATTEMPTS),
        integer("OCPPCommCtrlr.MessageAttemptInterval", 60, Setting.MESSAGE_RETRY_INTERVAL),
        fixed("OCPPCommCtrlr.MessageTimeout", "30"),
        integer("OCPPCommCtrlr.OfflineThreshold", 60, Setting.OFFLINE_THRESHOLD),
        integer("OCPPCommCtrlr.NetworkProfileConnectionAttempts", 3),
        integer("OCPPCommCtrlr.WebSocketPingInterval", 0, Setting.PING_INTERVAL, reboot=True),
        integer("OCPPCommCtrlr.ResetRetries", 3),
        boolean("OCPPCommCtrlr.UnlockOnEVSideDisconnect", True),
        fixed("OCPPCommCtrlr.FileTransferProtocols", "HTTPS", Kind.LIST),
        fixed("OCPPCommCtrlr.NetworkConfigurationPriority", "1", Kind.LIST),
        boolean("AuthCtrlr.Enabled", True),
        boolean("AuthCtrlr.AuthorizeRemoteStart", True, Setting.AUTHORIZE_REMOTE),
        boolean("AuthCtrlr.LocalAuthorizeOffline", True, Setting.LOCAL_AUTHORIZE_OFFLINE),
        boolean("AuthCtrlr.LocalPreAuthorize", False, Setting.LOCAL_PRE_AUTHORIZE),
        boolean("AuthCtrlr.OfflineTxForUnknownIdEnabled", False, Setting.ALLOW_OFFLINE_UNKNOWN),
        boolean("AuthCacheCtrlr.Enabled", True, Setting.CACHE_ENABLED),
        boolean("LocalAuthListCtrlr.Enabled", True, Setting.LIST_ENABLED),
        fixed("LocalAuthListCtrlr.Entries", lambda holder: str(len(holder.memory.local_list)), maximum=MAX_ENTRIES),
        fixed("LocalAuthListCtrlr.ItemsPerMessage", str(LOCAL_LIST.max_items)),
        fixed("LocalAuthListCtrlr.BytesPerMessage", str(LOCAL_LIST.max_bytes)),
        integer("TxCtrlr.EVConnectionTimeOut", 60, Setting.CONNECTION_TIMEOUT, minimum=1),
        boolean("TxCtrlr.StopTxOnEVSideDisconnect", True, Setting.STOP_ON_EV_DISCONNECT),
        boolean("TxCtrlr.StopTxOnInvalidId", True, Setting.STOP_ON_INVALID_TOKEN),
        fixed("TxCtrlr.TxStartPoint", "PowerPathClosed", Kind.LIST),
        fixed("TxCtrlr.TxStopPoint", "Authorized,EVConnected", Kind.LIST),
        integer("SampledDataCtrlr.TxUpdatedInterval", 60, Setting.METER_INTERVAL),
        measurands("SampledDataCtrlr.TxStartedMeasurands", MEASURED, Setting.START_MEASURANDS, MEASURANDS),
        measurands("SampledDataCtrlr.TxUpdatedMeasurands", MEASURED, Setting.METER_MEASURANDS, MEASURANDS),
        measurands("SampledDataCtrlr.TxEndedMeasurands", MEASURED, Setting.END_MEASURANDS, MEASURANDS),
        integer("SampledDataCtrlr.TxEndedInterval", 0, Setting.END_INTERVAL),
        measurands("AlignedDataCtrlr.Measurands", REGISTER, Setting.CLOCK_MEASURANDS, MEASURANDS),
        integer("AlignedDataCtrlr.Interval", 0, Setting.CLOCK_INTERVAL),
        boolean("AlignedDataCtrlr.SendDuringIdle", False, Setting.CLOCK_ONLY_WHEN_IDLE),
        measurands("AlignedDataCtrlr.TxEndedMeasurands", "", Setting.END_CLOCK_MEASURANDS, MEASURANDS),
        integer("AlignedDataCtrlr.TxEndedInterval", 0, Setting.END_CLOCK_INTERVAL),
        boolean("ReservationCtrlr.Enabled", True),
        boolean("SmartChargingCtrlr.Enabled", True),
        fixed("SmartChargingCtrlr.ProfileStackLevel", str(MAX_STACK_LEVEL)),
        fixed("SmartChargingCtrlr.RateUnit", "A,W", Kind.LIST),
        fixed("SmartChargingCtrlr.PeriodsPerSchedule", str(MAX_PERIODS)),
        fixed("SmartChargingCtrlr.Entries", lambda holder: str(len(holder.memory.profiles))),
        fixed("DeviceDataCtrlr.ItemsPerMessage", str(MAX_VARIABLES)),
        fixed("DeviceDataCtrlr.BytesPerMessage", str(MAX_BYTES)),
        fixed("SecurityCtrlr.SecurityProfile", lambda holder: "2" if holder.plate.ws_url[:4] == "wss:" else "1"),
        fixed("SecurityCtrlr.CertificateEntries", "0"),
        fixed("SecurityCtrlr.Identity", _identity, Kind.TEXT),
        fixed("SecurityCtrlr.OrganizationName", "Chargeyard", Kind.TEXT),
        Key(
            "SecurityCtrlr.BasicAuthPassword",
            Kind.TEXT,
            "",
            Setting.PASSWORD,
            write_only=True,
            reboot=True,
            minimum=16,
            maximum=40,
        ),
        fixed("ClockCtrlr.TimeSource", "Heartbeat", Kind.LIST),
        fixed("ChargingStation.Model", _model, Kind.TEXT),
        fixed("ChargingStation.VendorName", _vendor, Kind.TEXT),
        fixed("ChargingStation.SupplyPhases", _phases),
        fixed("ChargingStation.Available", "true", Kind.BOOLEAN),
    ]
)

# the instances of those that the CSMS knows by instance; the station keeps one value for all of them
INSTANCES: Mapping[str, tuple[str, ...]] = {
    "OCPPCommCtrlr.MessageAttempts": ("TransactionEvent",),
    "OCPPCommCtrlr.MessageAttemptInterval": ("TransactionEvent",),
    "OCPPCommCtrlr.MessageTimeout": ("Default",),
    "SmartChargingCtrlr.Entries": ("ChargingProfiles",),
    "DeviceDataCtrlr.ItemsPerMessage": ("GetReport", "GetVariables", "SetVariables"),
    "DeviceDataCtrlr.BytesPerMessage": ("GetReport", "GetVariables", "SetVariables"),
}


BOUNDS: Bounds = {
    "DataTransfer": DATA_TRANSFER,
    "GetReport": Bound(list_name="componentVariable", max_items=MAX_VARIABLES),
    "GetVariables": Bound(list_name="getVariableData", max_items=MAX_VARIABLES),
    "SendLocalList": LOCAL_LIST,
    "SetVariables": Bound(list_name="setVariableData", max_items=MAX_VARIABLES),
}


def password(text: str) -> bytes:
    """The secret of a BasicAuthPassword (OCPP 2.0.1 A00.FR.205: an UTF-8 text)."""
    return text.encode()
