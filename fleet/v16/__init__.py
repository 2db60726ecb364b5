"""OCPP 1.6J, one file per message that it writes in its own way."""

from __future__ import annotations

from collections.abc import Mapping

from fleet import alike
from fleet.station import Handler
from fleet.v16 import (
    authorize,
    boot_notification,
    change_availability,
    change_configuration,
    clear_charging_profile,
    get_composite_schedule,
    get_configuration,
    get_diagnostics,
    get_local_list_version,
    meter_values,
    remote_start_transaction,
    reserve_now,
    reset,
    send_local_list,
    set_charging_profile,
    start_transaction,
    status_notification,
    stop_transaction,
    trigger_message,
    unlock_connector,
    update_firmware,
)
from fleet.v16.keys import BOUNDS, KEYS, password


class V16:
    """What 1.6 says and understands."""

    version = "1.6"
    subprotocol = "ocpp1.6"
    keys = KEYS
    handlers: Mapping[str, Handler] = {
        "CancelReservation": alike.cancel_reservation,
        "ChangeAvailability": change_availability.handle,
        "ChangeConfiguration": change_configuration.handle,
        "ClearCache": alike.clear_cache,
        "ClearChargingProfile": clear_charging_profile.handle,
        "DataTransfer": alike.data_transfer,
        "GetCompositeSchedule": get_composite_schedule.handle,
        "GetConfiguration": get_configuration.handle,
        "GetDiagnostics": get_diagnostics.handle,
        "GetLocalListVersion": get_local_list_version.handle,
        "RemoteStartTransaction": remote_start_transaction.handle,
        "RemoteStopTransaction": alike.stop_transaction,
        "ReserveNow": reserve_now.handle,
        "Reset": reset.handle,
        "SendLocalList": send_local_list.handle,
        "SetChargingProfile": set_charging_profile.handle,
        "TriggerMessage": trigger_message.handle,
        "UnlockConnector": unlock_connector.handle,
        "UpdateFirmware": update_firmware.handle,
    }
    bounds = BOUNDS
    sends = frozenset(
        {
            "Authorize", "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
            "Heartbeat", "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction",
        }
    )  # fmt: skip
    messages = sends | {
        "DataTransfer", "LogStatusNotification", "SecurityEventNotification", "SignCertificate",
        "SignedFirmwareStatusNotification",
    }  # fmt: skip

    password = staticmethod(password)
    boot = staticmethod(boot_notification.request)
    heartbeat = staticmethod(alike.heartbeat)
    status = staticmethod(status_notification.request)
    status_of_whole = staticmethod(status_notification.request_of_whole)
    status_name = staticmethod(status_notification.status_name)
    token_info = staticmethod(authorize.token_info)
    authorize = staticmethod(authorize.request)
    started = staticmethod(start_transaction.request)
    transaction_number = staticmethod(start_transaction.transaction_number)
    number = staticmethod(start_transaction.number)
    metered = staticmethod(meter_values.request)
    updated = staticmethod(meter_values.updated)
    reservation_over = staticmethod(reserve_now.over)
    ended = staticmethod(stop_transaction.request)
