"""The configuration keys of OCPP 1.6 (§9) that this charger has."""

from __future__ import annotations

import re

from fleet.bounds import DATA_TRANSFER, LOCAL_LIST, Bound, Bounds
from fleet.keys import Holder, Key, Keys, Kind, Setting, boolean, fixed, integer, measurands
from fleet.local_list import MAX_ENTRIES
from fleet.profiles import MAX_PERIODS, MAX_PROFILES, MAX_STACK_LEVEL
from fleet.samples import MEASURANDS, REGISTER

PROFILES = "Core,LocalAuthListManagement,RemoteTrigger,Reservation,SmartCharging,FirmwareManagement"
MAX_KEYS = 100


def _connectors(holder: Holder) -> str:
    return str(len(holder.connectors))


def _rotation(holder: Holder) -> str:
    return ",".join(f"{number}.RST" for number in range(len(holder.connectors) + 1))


KEYS = Keys(
    [
        boolean("AllowOfflineTxForUnknownId", False, Setting.ALLOW_OFFLINE_UNKNOWN),
        boolean("AuthorizationCacheEnabled", True, Setting.CACHE_ENABLED),
        boolean("AuthorizeRemoteTxRequests", True, Setting.AUTHORIZE_REMOTE),
        integer("ClockAlignedDataInterval", 0, Setting.CLOCK_INTERVAL),
        integer("ConnectionTimeOut", 60, Setting.CONNECTION_TIMEOUT),
        Key("ConnectorPhaseRotation", Kind.TEXT, _rotation, maximum=500),
        fixed("GetConfigurationMaxKeys", str(MAX_KEYS)),
        integer("HeartbeatInterval", 300, Setting.HEARTBEAT_INTERVAL),
        boolean("LocalAuthorizeOffline", True, Setting.LOCAL_AUTHORIZE_OFFLINE),
        boolean("LocalPreAuthorize", False, Setting.LOCAL_PRE_AUTHORIZE),
        measurands("MeterValuesAlignedData", REGISTER, Setting.CLOCK_MEASURANDS, MEASURANDS),
        measurands("MeterValuesSampledData", f"{REGISTER},Power.Active.Import", Setting.METER_MEASURANDS, MEASURANDS),
        integer("MeterValueSampleInterval", 60, Setting.METER_INTERVAL),
        integer("MinimumStatusDuration", 0, Setting.STATUS_DURATION),
        fixed("NumberOfConnectors", _connectors),
        integer("ResetRetries", 3),
        boolean("StopTransactionOnEVSideDisconnect", True, Setting.STOP_ON_EV_DISCONNECT),
        boolean("StopTransactionOnInvalidId", True, Setting.STOP_ON_INVALID_TOKEN),
        measurands("StopTxnAlignedData", "", Setting.END_CLOCK_MEASURANDS, MEASURANDS),
        measurands("StopTxnSampledData", "", Setting.END_MEASURANDS, MEASURANDS),
        fixed("SupportedFeatureProfiles", PROFILES, Kind.LIST),
        integer("TransactionMessageAttempts", 3, Setting.MESSAGE_ATTEMPTS),
        integer("TransactionMessageRetryInterval", 60, Setting.MESSAGE_RETRY_INTERVAL),
        boolean("UnlockConnectorOnEVSideDisconnect", True),
        integer("WebSocketPingInterval", 0, Setting.PING_INTERVAL, reboot=True),
        boolean("LocalAuthListEnabled", True, Setting.LIST_ENABLED),
        fixed("LocalAuthListMaxLength", str(MAX_ENTRIES)),
        fixed("SendLocalListMaxLength", str(LOCAL_LIST.max_items)),
        fixed("ReserveConnectorZeroSupported", "false", Kind.BOOLEAN),
        fixed("ChargeProfileMaxStackLevel", str(MAX_STACK_LEVEL)),
        fixed("ChargingScheduleAllowedChargingRateUnit", "Current,Power", Kind.LIST),
        fixed("ChargingScheduleMaxPeriods", str(MAX_PERIODS)),
        fixed("MaxChargingProfilesInstalled", str(MAX_PROFILES)),
        Key("AuthorizationKey", Kind.TEXT, "", Setting.PASSWORD, write_only=True, reboot=True, minimum=16, maximum=40),
    ],
    also={
        Setting.END_INTERVAL: "MeterValueSampleInterval",
        Setting.END_CLOCK_INTERVAL: "ClockAlignedDataInterval",
    },
)


BOUNDS: Bounds = {
    "DataTransfer": DATA_TRANSFER,
    "GetConfiguration": Bound(list_name="key", max_items=MAX_KEYS),
    "SendLocalList": LOCAL_LIST,
}


def password(text: str) -> bytes:
    """The secret of an AuthorizationKey: 40 hexadecimal digits stand for 20 bytes (OCPP 1.6J §6.2.2)."""
    return bytes.fromhex(text) if re.fullmatch("[0-9A-Fa-f]{40}", text) else text.encode()
