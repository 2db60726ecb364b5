"""OCPP 2.0.1, one file per message that it writes in its own way."""

from __future__ import annotations

from collections.abc import Mapping

from fleet import alike
from fleet.station import Handler
from fleet.v201 import (
    authorize,
    boot_notification,
    change_availability,
    clear_charging_profile,
    get_base_report,
    get_charging_profiles,
    get_composite_schedule,
    get_local_list_version,
    get_log,
    get_report,
    get_transaction_status,
    get_variables,
    meter_values,
    request_start_transaction,
    reserve_now,
    reset,
    send_local_list,
    set_charging_profile,
    set_variables,
    status_notification,
    transaction_event,
    trigger_message,
    unlock_connector,
    update_firmware,
)
from fleet.v201.variables import BOUNDS, VARIABLES, password


class V201:
    """What 2.0.1 says and understands."""

    version = "2.0.1"
    subprotocol = "ocpp2.0.1"
    keys = VARIABLES
    handlers: Mapping[str, Handler] = {
        "CancelReservation": alike.cancel_reservation,
        "ChangeAvailability": change_availability.handle,
        "ClearCache": alike.clear_cache,
        "ClearChargingProfile": clear_charging_profile.handle,
        "DataTransfer": alike.data_transfer,
        "GetBaseReport": get_base_report.handle,
        "GetChargingProfiles": get_charging_profiles.handle,
        "GetCompositeSchedule": get_composite_schedule.handle,
        "GetLocalListVersion": get_local_list_version.handle,
        "GetLog": get_log.handle,
        "GetReport": get_report.handle,
        "GetTransactionStatus": get_transaction_status.handle,
        "GetVariables": get_variables.handle,
        "RequestStartTransaction": request_start_transaction.handle,
        "RequestStopTransaction": alike.stop_transaction,
        "ReserveNow": reserve_now.handle,
        "Reset": reset.handle,
        "SendLocalList": send_local_list.handle,
        "SetChargingProfile": set_charging_profile.handle,
        "SetVariables": set_variables.handle,
        "TriggerMessage": trigger_message.handle,
        "UnlockConnector": unlock_connector.handle,
        "UpdateFirmware": update_firmware.handle,
    }
    bounds = BOUNDS
    sends = frozenset(
        {
            "Authorize", "BootNotification", "FirmwareStatusNotification", "Heartbeat", "LogStatusNotification",
            "MeterValues", "NotifyReport", "ReportChargingProfiles", "ReservationStatusUpdate", "StatusNotification",
            "TransactionEvent",
        }
    )  # fmt: skip
    messages = sends | {
        "ClearedChargingLimit", "DataTransfer", "Get15118EVCertificate", "GetCertificateStatus",
        "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDisplayMessages", "NotifyEVChargingNeeds",
        "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport", "PublishFirmwareStatusNotification",
        "SecurityEventNotification", "SignCertificate",
    }  # fmt: skip

    password = staticmethod(password)
    boot = staticmethod(boot_notification.request)
    heartbeat = staticmethod(alike.heartbeat)
    status = staticmethod(status_notification.request)
    status_of_whole = staticmethod(status_notification.request_of_whole)
    status_name = staticmethod(status_notification.status_name)
    token_info = staticmethod(authorize.token_info)
    authorize = staticmethod(authorize.request)
    metered = staticmethod(meter_values.request)
    started = staticmethod(transaction_event.started)
    transaction_number = staticmethod(transaction_event.transaction_number)
    number = staticmethod(transaction_event.number)
    updated = staticmethod(transaction_event.updated)
    ended = staticmethod(transaction_event.ended)
    reservation_over = staticmethod(reserve_now.over)
