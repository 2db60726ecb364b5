"""From the rows of a file to the input of the API: camelCase names, and chargers for the first sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from commands.importer.rows import Row

OCPP_VERSIONS = {"OCPP1.6": "OCPP_1_6", "OCPP2.0.1": "OCPP_2_0_1"}
GRAPHQL_NAMES = {"owner_name": "ownerName", "parking_type": "parkingType"}


@dataclass(frozen=True)
class Chargers:
    """The chargers that each of the first sites gets; `first` None means every site."""

    per_location: int
    first: int | None
    brand_slug: str
    model_slug: str
    connector_type: str
    ocpp_version: str
    ws_url: str
    identity_prefix: str

    def groups_of(self, row: Row) -> list[dict[str, Any]]:
        """One group; what the row is known as keeps identities the same when it is imported again."""
        template = {
            "brandSlug": self.brand_slug,
            "modelSlug": self.model_slug,
            "connectorType": self.connector_type,
            "ocppVersion": OCPP_VERSIONS[self.ocpp_version],
            "wsUrl": self.ws_url,
            "identityPrefix": self.identity_prefix,
        }
        suffixes = [f"{row.known_as}-{n}" for n in range(1, self.per_location + 1)]
        return [{"template": template, "chargerIds": suffixes}]


@dataclass(frozen=True)
class Site:
    """A row with the input that is made of it."""

    row: Row
    location: dict[str, Any]


def make_sites(rows: Sequence[Row], chargers: Chargers) -> list[Site]:
    """The inputs of the rows that could be read."""
    sites: list[Site] = []
    for row in (row for row in rows if row.problem is None):
        location = {GRAPHQL_NAMES.get(name, name): value for name, value in row.site.items()}
        if chargers.per_location and (chargers.first is None or len(sites) < chargers.first):
            location["charges"] = chargers.groups_of(row)
        sites.append(Site(row, location))
    return sites


def batch_key(digest: str, cpo_id: str, batch: Sequence[Site]) -> str:
    """The idempotency key of a batch: the same file, network, rows and options give the same key again."""
    content = [digest, cpo_id, [site.row.known_as for site in batch], [site.location for site in batch]]
    return f"import-{sha256(orjson.dumps(content)).hexdigest()}"
