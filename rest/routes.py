"""The routing table (REST contract §3–§11): what is not in it does not exist, and it describes itself in OpenAPI."""

from __future__ import annotations

from rest import catalog, chargers, commands, cpos, health, location_chargers, locations, ocpi_locations, templates
from rest.route import Access, Route

PUBLIC, TOKEN = Access.PUBLIC, Access.TOKEN

LOCATION = "/ocpp/locations/{location_id}"
CHARGER = "/ocpp/chargers/{charger_id}"
BRANDS = "/ocpp/catalog/brands"
CPO = "/ocpi/cpos/{cpo_id}"
OCPI_LOCATION = f"{CPO}/locations/{{location_id}}"

ROUTES: list[Route] = [
    Route("GET", "/health", "health.check", health.health_check, access=PUBLIC),
    # sites
    Route("GET", "/ocpp/locations", "locations.list", locations.list_locations, read=locations.LOCATIONS),
    Route("POST", "/ocpp/locations", "locations.create", locations.create_location, 201, (400,)),
    Route("GET", LOCATION, "locations.get", locations.get_location, 200, (404,), read=locations.LOCATION),
    Route("PUT", LOCATION, "locations.update", locations.update_location, 200, (400, 404)),
    Route("DELETE", LOCATION, "locations.delete", locations.delete_location, 204, (404,)),
    # chargers
    Route("GET", "/ocpp/chargers", "chargers.list", chargers.list_chargers, read=chargers.CHARGERS),
    Route("POST", "/ocpp/chargers", "chargers.create", chargers.create_charger, 202, (400, 503)),
    Route("GET", CHARGER, "chargers.get", chargers.get_charger, 200, (404,), read=chargers.CHARGER),
    Route("GET", f"{CHARGER}/status", "chargers.get_status", chargers.get_charger_status, 200, (404,)),
    Route("PUT", CHARGER, "chargers.update", chargers.update_charger, 200, (400, 404)),
    Route("DELETE", CHARGER, "chargers.delete", chargers.delete_charger, 204, (404,)),
    Route("POST", f"{CHARGER}/start-charger", "chargers.start_runtime", chargers.start_charger, 202, (400, 404)),
    Route("POST", f"{CHARGER}/stop-charger", "chargers.stop_runtime", chargers.stop_charger, 202, (400, 404)),
    Route("POST", f"{CHARGER}/reset-charger", "chargers.reset_runtime", chargers.reset_charger, 202, (400, 404)),
    Route("GET", f"{CHARGER}/logs", "chargers.get_logs", chargers.list_charger_logs),
    # chargers of a site
    Route(
        "GET", f"{LOCATION}/chargers", "location_chargers.list", location_chargers.list_location_chargers,
        200, (400, 404), read=chargers.CHARGERS,
    ),
    Route(
        "POST", f"{LOCATION}/chargers", "location_chargers.create", location_chargers.create_location_chargers,
        202, (400, 404, 503),
    ),
    Route(
        "GET", f"{LOCATION}/chargers/jobs/{{job_id}}", "location_chargers.get_bulk_job",
        location_chargers.get_location_chargers_job, 200, (404,),
    ),
    Route(
        "PUT", f"{LOCATION}/chargers", "location_chargers.update", location_chargers.update_location_chargers,
        200, (404,),
    ),
    Route(
        "DELETE", f"{LOCATION}/chargers", "location_chargers.delete", location_chargers.delete_location_chargers,
        200, (404,),
    ),
    *commands.ROUTES,
    # catalog
    Route("GET", BRANDS, "catalog.list_brands", catalog.list_brands, access=TOKEN),
    Route("GET", f"{BRANDS}/{{brand_slug}}/models", "catalog.list_models", catalog.list_models, 200, (404,), TOKEN),
    Route(
        "GET", f"{BRANDS}/{{brand_slug}}/models/{{model_slug}}", "catalog.get_model", catalog.get_model,
        200, (404,), TOKEN,
    ),
    # templates
    Route(
        "GET", "/ocpi/templates/cpos", "ocpi_templates.list", templates.list_cpo_templates,
        access=TOKEN, alias="/ocpi/cpos/templates",
    ),
    Route(
        "GET", "/ocpp/templates/locations", "location_templates.list", templates.list_location_templates,
        access=TOKEN, alias="/ocpi/templates/locations",
    ),
    # networks
    Route("GET", "/ocpi/cpos", "ocpi_cpos.list", cpos.list_cpos),
    Route("POST", "/ocpi/cpos", "ocpi_cpos.create", cpos.create_cpo, 202, (400, 404, 503)),
    Route("GET", CPO, "ocpi_cpos.get", cpos.get_cpo, 200, (404,)),
    Route("GET", f"{CPO}/status", "ocpi_cpos.get_status", cpos.get_cpo_status, 200, (404,)),
    Route("GET", f"{CPO}/report", "ocpi_cpos.get_report", cpos.get_cpo_report, 200, (404,)),
    Route("DELETE", CPO, "ocpi_cpos.delete", cpos.delete_cpo, 204),
    # sites of a network
    Route(
        "GET", f"{CPO}/locations", "ocpi_locations.list", ocpi_locations.list_ocpi_locations,
        200, (404,), read=ocpi_locations.OCPI_LOCATIONS,
    ),
    Route(
        "POST", f"{CPO}/locations", "ocpi_locations.create", ocpi_locations.create_ocpi_locations,
        202, (400, 404, 503),
    ),
    Route(
        "GET", f"{CPO}/locations/jobs/{{job_id}}", "ocpi_locations.get_bulk_job", ocpi_locations.get_ocpi_locations_job,
        200, (404,),
    ),
    Route(
        "GET", OCPI_LOCATION, "ocpi_locations.get", ocpi_locations.get_ocpi_location,
        200, (404,), read=ocpi_locations.OCPI_LOCATION,
    ),
    Route("PATCH", OCPI_LOCATION, "ocpi_locations.update", ocpi_locations.update_ocpi_location, 200, (400, 404)),
    Route("DELETE", OCPI_LOCATION, "ocpi_locations.delete", ocpi_locations.delete_ocpi_location, 204, (404,)),
]  # fmt: skip
