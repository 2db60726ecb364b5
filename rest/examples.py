"""Examples for the OpenAPI document: request bodies by operation id, answers by schema name."""

from __future__ import annotations

from typing import Any

CREATED_AT = "2026-11-21T03:27:00.123Z"
SITE = {
    "name": "La Defense Charging Hub",
    "address": "14 Rue de la Paix",
    "city": "Paris",
    "country": "FR",
    "coordinates": {"latitude": 48.8566, "longitude": 2.3522},
    "timezone": "Europe/Paris",
    "owner_name": "VINCI Autoroutes",
    "public": True,
}
LOCATION_ID = "019aa45d-0f7b-7c51-9d3c-0b8f6d7a2e11"
JOB_ID = "019aa45d-3c55-7a02-8a44-6f0c2b9d1e70"
RUN_ID = "wfr_019aa45d3c557a028a446f0c2b9d1e70"
CHARGER_ID = "dep-7c9f1a52e0b84a1f9a53c2d76be1f004"
OCPI_LOCATION_ID = "loc-2f6a8f0d7b3e4b569a0e1c8d5f7b9a31"
CSMS_URL = "wss://csms.example.com/ocpp"
PARTY = {"country_code": "FR", "party_id": "ABC", "role": "CPO"}
PEER_URL = "https://gateway.example.com/ocpi/versions"
LOCATION = {
    "id": LOCATION_ID,
    "slug": "la-defense-charging-hub-ab12cd34",
    **SITE,
    "status": "active",
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}
OCPI_LOCATION = {
    "id": OCPI_LOCATION_ID,
    "ocpp_location_id": LOCATION_ID,
    "organization_id": "4090477f-a416-4515-a302-97aa344a0a2a",
    "slug": "la-defense-charging-hub-ab12cd34",
    **SITE,
    "chargers": [
        {
            "id": CHARGER_ID,
            "identity": "PARIS-001",
            "connector_type": "Type2",
            "ocpp_version": "OCPP1.6",
            "charge_point_id": "019aa45d-4a10-7d1f-b0c2-5e8d9f6a7b21",
            "evses": [
                {
                    "evse_uid": "PARIS-001",
                    "ocpi_evse_id": "019aa45d-4a10-7d1f-b0c2-5e8d9f6a7b22",
                    "ocpi_connector_id": "019aa45d-4a10-7d1f-b0c2-5e8d9f6a7b23",
                    "topology_id": "019aa45d-4a10-7d1f-b0c2-5e8d9f6a7b24",
                }
            ],
            "topology_default_id": "019aa45d-4a10-7d1f-b0c2-5e8d9f6a7b25",
        }
    ],
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}
CHARGER = {
    "id": CHARGER_ID,
    "identity": "PARIS-001",
    "name": "Bay 001",
    "vendor_name": "Schneider Electric",
    "published_name": "Schneider Electric",
    "model": "EVlink Pro AC 22 kW",
    "image_url": None,
    "ocpp_version": "OCPP1.6",
    "number_of_connectors": 1,
    "max_charging_power": 22000,
    "connector_type": "Type2",
    "location_id": LOCATION_ID,
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}
CPO = {
    "cpo_id": "42",
    "party": PARTY,
    "name_prefix": "alice",
    "template": "small-urban-ac",
    "template_version": 1,
    "ocpi_peer_url": PEER_URL,
    "topology": {"locations": 2, "chargers": 6, "evses": 6, "connectors": 6},
    "expires_at": "2026-11-21T05:27:00.123Z",
    "report_url": "/ocpi/cpos/42/report",
    "destroy_url": "/ocpi/cpos/42",
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}
CHARGER_TEMPLATE = {
    "brand_slug": "schneider",
    "model_slug": "evlink-pro-ac-22kw",
    "connector_type": "Type2",
    "ocpp_version": "OCPP1.6",
    "ws_url": CSMS_URL,
    "identity_prefix": "PARIS-",
    "template_name": "Bay",
}
ONE_CHARGER = {"charger_id": CHARGER_ID}
WHOLE_SITE = {"location_id": LOCATION_ID}
CONNECTOR = {"target": ONE_CHARGER, "event": {"connector_id": 1}}
COMMAND = {
    "id": "a1b2c3d4e5f6",
    "event_type": "plug_connector",
    "ocpp_version": "ocpp1.6",
    "payload": {"connector_id": 1},
}

EXAMPLES: dict[str, Any] = {
    "locations_create": SITE,
    "locations_update": {"name": "La Defense Hub", "owner_name": None},
    "LocationResponse": LOCATION,
    "LocationListResponse": {"data": [LOCATION], "total": 1, "page": 1, "limit": 50},
    "chargers_create": {
        "identity": "PARIS-001",
        "brand_slug": "schneider",
        "model_slug": "evlink-pro-ac-22kw",
        "connector_type": "Type2",
        "ws_url": CSMS_URL,
        "ocpp_version": "OCPP1.6",
        "charge_point_name": "Bay 001",
        "location_id": LOCATION_ID,
    },
    "chargers_update": {"charge_point_name": "Bay 7", "ws_url": CSMS_URL},
    "chargers_start_runtime": {},
    "chargers_stop_runtime": {},
    "chargers_reset_runtime": {},
    "ChargerResponse": CHARGER,
    "ChargerListResponse": {"data": [CHARGER], "total": 1, "page": 1, "limit": 50},
    "location_chargers_create": [
        {"template": CHARGER_TEMPLATE, "charger_ids": ["001", "002"]},
        {"template": {**CHARGER_TEMPLATE, "identity_prefix": "SPARE-"}, "chargers_number": 3},
    ],
    "location_chargers_update": {"chargers": [{"charger_id": CHARGER_ID, "charge_point_name": "Bay 7"}]},
    "ocpi_cpos_create": {
        "template": "small-urban-ac",
        "country_code": "FR",
        "party_id": "ABC",
        "name_prefix": "alice",
        "role": "cpo",
        "ocpi_version": "2.2.1",
        "seed": 42,
        "ttl_seconds": 7200,
        "overrides": {"locations": 2, "chargers_per_location": 3},
    },
    "CpoResponse": CPO,
    "CpoListResponse": {"data": [CPO], "total": 1, "page": 1, "limit": 50},
    "CpoAcceptedResponse": {
        "cpo_id": "42",
        "party": PARTY,
        "name_prefix": "alice",
        "template": "small-urban-ac",
        "template_version": 1,
        "token_a": "a_TOKdemo123",
        "ocpi_peer_url": PEER_URL,
        "roam_helper": {
            "credentials_payload": {"token": "a_TOKdemo123", "url": PEER_URL},
            "curl_snippet": "curl -X POST https://gateway.example.com/ocpi/2.2.1/credentials …",
        },
        "workflow_run_id": RUN_ID,
        "status": "PENDING",
        "status_url": "/ocpi/cpos/42/status",
        "destroy_url": "/ocpi/cpos/42",
        "expires_at": "2026-11-21T05:27:00.123Z",
    },
    "CpoStatusResponse": {
        "cpo_id": "42",
        "status": "PROVISIONING",
        "workflow_run_id": RUN_ID,
        "error": None,
        "progress": {"current_step": "charger-1-0-02"},
        "provisioned_at": None,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "status_url": "/ocpi/cpos/42/status",
    },
    "ocpi_locations_create": {
        "locations": [
            {
                **SITE,
                "parking_type": "PARKING_GARAGE",
                "charges": [{"template": CHARGER_TEMPLATE, "charger_ids": ["001", "002"]}],
            },
            {"template": "urban-ac-hub", "overrides": {"city": "Lyon", "identity_prefix": "LYON-"}},
        ]
    },
    "ocpi_locations_update": {"name": "La Defense Hub", "parking_type": "PARKING_LOT"},
    "OcpiLocationResponse": OCPI_LOCATION,
    "OcpiLocationListResponse": {"data": [OCPI_LOCATION], "total": 1, "page": 1, "limit": 50},
    "LocationBulkAcceptedResponse": {
        "job_id": JOB_ID,
        "status": "PENDING",
        "workflow_run_id": RUN_ID,
        "status_url": f"/ocpi/cpos/42/locations/jobs/{JOB_ID}",
    },
    "LocationChargerBulkAcceptedResponse": {
        "job_id": JOB_ID,
        "status": "PENDING",
        "workflow_run_id": RUN_ID,
        "status_url": f"/ocpp/locations/{LOCATION_ID}/chargers/jobs/{JOB_ID}",
    },
    "commands_proxy_message": {
        "target": ONE_CHARGER,
        "event": {
            "action": "boot_notification",
            "ocpp_version": "ocpp1.6",
            "payload": {"charge_point_vendor": "Chargeyard", "charge_point_model": "SDK-DC-50"},
        },
    },
    "commands_set_configuration": {"target": ONE_CHARGER, "event": {"configuration": {"HeartbeatInterval": "30"}}},
    "commands_reset_auth_cache": {"target": ONE_CHARGER, "event": {}},
    "commands_send_local_list": {
        "target": ONE_CHARGER,
        "event": {
            "list_version": 2,
            "entries": [{"id_tag": "TAG-RFID-001", "expiry_date": "2026-12-31T23:59:59Z"}],
        },
    },
    "commands_clear_local_list": {"target": ONE_CHARGER, "event": {}},
    "commands_inject_fault": {
        "target": ONE_CHARGER,
        "event": {"fault_type": "OverCurrent", "evse_id": 1, "connector_id": 1},
    },
    "commands_clear_fault": CONNECTOR,
    "commands_plug_connector": CONNECTOR,
    "commands_unplug_connector": CONNECTOR,
    "commands_unlock_connector": CONNECTOR,
    "commands_start_transaction": {"target": ONE_CHARGER, "event": {"id_tag": "TAG-RFID-001", "connector_id": 1}},
    "commands_stop_transaction": {"target": ONE_CHARGER, "event": {}},
    "commands_start_session": {
        "target": WHOLE_SITE,
        "event": {"id_tag": "TAG-RFID-001", "duration_seconds": 600, "target_energy_kwh": 5.5},
    },
    "commands_stop_session": {"target": WHOLE_SITE, "event": {}},
    "commands_authorize_id_tag": {"target": ONE_CHARGER, "event": {"id_tag": "TAG-RFID-001"}},
    "commands_ev_requests_energy": CONNECTOR,
    "commands_ev_stops_energy": CONNECTOR,
    "commands_power_update": {"target": ONE_CHARGER, "event": {"power_w": 7400, "connector_id": 1}},
    "QueuedCommandResponse": COMMAND,
    "LocationCommandResponse": {
        "targeted_count": 1,
        "queued_count": 1,
        "failed_count": 0,
        "results": [{"charger_id": CHARGER_ID, "identity": "PARIS-001", "command": COMMAND}],
        "failed": [],
    },
    "BrandResponse": {
        "id": "019aa45d-5c20-7b3f-a1d4-7f9e0b8c6d31",
        "slug": "wallbox",
        "name": "Wallbox",
        "image_url": None,
        "created_at": CREATED_AT,
    },
    "ModelResponse": {
        "id": "019aa45d-5c20-7b3f-a1d4-7f9e0b8c6d32",
        "slug": "wallbox-pulsar-plus",
        "name": "Pulsar Plus",
        "brand_slug": "wallbox",
        "brand_id": "019aa45d-5c20-7b3f-a1d4-7f9e0b8c6d31",
        "image_url": None,
        "connector_count": 1,
        "current_type": "ac",
        "supported_kwh": [7.4, 22],
        "connector_types": ["Type2"],
        "created_at": CREATED_AT,
    },
    "HttpErrorResponse": {"detail": "The token has expired."},
    "HttpValidationError": {
        "detail": [{"type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {}}]
    },
}
