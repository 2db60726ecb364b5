"""The OCPI peer interface: what an eMSP sees of a network, told apart by its credentials token."""

from aiohttp import web

from ocpi.credentials import delete_credentials, get_credentials, post_credentials, put_credentials
from ocpi.envelope import no_such_module, resource
from ocpi.locations import get_connector, get_evse, get_location, list_locations
from ocpi.versions import get_details, list_versions

CREDENTIALS = {
    "GET": get_credentials,
    "POST": post_credentials,
    "PUT": put_credentials,
    "DELETE": delete_credentials,
}
ANY_METHOD = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), no_such_module)


def add_routes(app: web.Application) -> None:
    """Adds `/ocpi/versions` and everything under `/ocpi/2.1.1` and `/ocpi/2.2.1`, with or without a last slash."""
    versions = resource({"GET": list_versions}, registration=True, versioned=False)
    version, slash = r"/ocpi/{version:2\.[12]\.1}", "{slash:/?}"
    location = version + "/locations/{location_id:[^/]+}"
    app.router.add_route("*", f"/ocpi/versions{slash}", versions)
    app.router.add_route("*", f"{version}/versions{slash}", versions)
    for path in (version, f"{version}/details"):
        app.router.add_route("*", path + slash, resource({"GET": get_details}, registration=True))
    app.router.add_route("*", f"{version}/credentials{slash}", resource(CREDENTIALS, registration=True))
    app.router.add_route("*", f"{version}/locations{slash}", resource({"GET": list_locations}))
    app.router.add_route("*", location + slash, resource({"GET": get_location}))
    app.router.add_route("*", location + "/{evse_uid:[^/]+}" + slash, resource({"GET": get_evse}))
    connector = location + "/{evse_uid:[^/]+}/{connector_id:[^/]+}"
    app.router.add_route("*", connector + slash, resource({"GET": get_connector}))
    app.router.add_route("*", version + "/{rest:.+}", resource(ANY_METHOD))
