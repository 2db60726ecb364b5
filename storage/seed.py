"""The catalog of brands and models that every gateway starts with; written again at each migration."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import Connection, Insert
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from storage.models import Base, Brand, Model

NAMESPACE = UUID("8f3c1f6e-6b2f-4a53-9d0e-1f5a0c6f2b11")  # the same catalog entry has the same id everywhere


@dataclass(frozen=True)
class ModelSeed:
    """A model: its number of connectors, `ac` or `dc`, power steps in kW and the connector types it offers."""

    slug: str
    name: str
    connector_count: int
    current_type: str
    supported_kw: tuple[float, ...]
    connector_types: tuple[str, ...]


BRANDS: dict[tuple[str, str], tuple[ModelSeed, ...]] = {
    ("abb", "ABB"): (
        ModelSeed("terra-184", "Terra 184", 2, "dc", (90, 180), ("CCS2", "CHAdeMO")),
        ModelSeed("terra-54", "Terra 54", 2, "dc", (50,), ("CCS2", "CHAdeMO")),
        ModelSeed("terra-ac", "Terra AC", 1, "ac", (7.4, 11, 22), ("Type2", "Type1")),
    ),
    ("alfen", "Alfen"): (
        ModelSeed("eve-double-pro-line", "Eve Double Pro-line", 2, "ac", (11, 22), ("Type2",)),
        ModelSeed("eve-single-pro-line", "Eve Single Pro-line", 1, "ac", (7.4, 11, 22), ("Type2",)),
    ),
    ("alpitronic", "Alpitronic"): (
        ModelSeed("hypercharger-hyc150", "Hypercharger HYC150", 2, "dc", (75, 150), ("CCS2", "CHAdeMO")),
        ModelSeed("hypercharger-hyc400", "Hypercharger HYC400", 4, "dc", (100, 200, 400), ("CCS2", "NACS")),
    ),
    ("chargepoint", "ChargePoint"): (
        ModelSeed("cp4000", "CP4000", 2, "ac", (7.4, 22), ("Type2",)),
        ModelSeed("cpf50", "CPF50", 1, "ac", (9.6, 12), ("Type1", "NACS")),
    ),
    ("kempower", "Kempower"): (
        ModelSeed("satellite-double", "Satellite Double", 2, "dc", (40, 200, 400), ("CCS2", "CCS1", "CHAdeMO")),
    ),
    ("schneider", "Schneider Electric"): (
        # the published samples pair it with CCS2
        ModelSeed("evlink-pro-ac-22kw", "EVlink Pro AC 22kW", 1, "ac", (7.4, 22), ("Type2", "CCS2")),
        ModelSeed("evlink-parking", "EVlink Parking", 2, "ac", (7.4, 22), ("Type2",)),
    ),
    ("star-charge", "Star Charge"): (
        ModelSeed("artemis-7", "Artemis 7", 1, "ac", (7,), ("GBT_AC", "Type2")),
        ModelSeed("titan-180", "Titan 180", 2, "dc", (90, 180), ("GBT_DC", "CCS2")),
    ),
    ("wallbox", "Wallbox"): (
        ModelSeed("wallbox-copper-sb", "Copper SB", 1, "ac", (7.4, 22), ("Type2",)),
        ModelSeed("wallbox-pulsar-plus", "Pulsar Plus", 1, "ac", (7.4, 22), ("Type2",)),
        ModelSeed("wallbox-supernova-180", "Supernova 180", 2, "dc", (90, 180), ("CCS2", "CHAdeMO")),
    ),
    ("zaptec", "Zaptec"): (ModelSeed("zaptec-pro", "Zaptec Pro", 1, "ac", (7.4, 22), ("Type2",)),),
}


def seed_catalog(connection: Connection) -> None:
    """Adds the missing brands and models; an entry that is there keeps its id and gets this release's values."""
    for (slug, name), models in BRANDS.items():
        brand_id = _id(slug)
        _put(connection, Brand, {"id": brand_id, "slug": slug, "name": name})
        for model in models:
            values = {
                "id": _id(f"{slug}/{model.slug}"),
                "brand_id": brand_id,
                "slug": model.slug,
                "name": model.name,
                "connector_count": model.connector_count,
                "current_type": model.current_type,
                "supported_kw": list(model.supported_kw),
                "connector_types": list(model.connector_types),
            }
            _put(connection, Model, values)


def _put(connection: Connection, row: type[Base], values: dict[str, object]) -> None:
    dialect_insert = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
    statement = dialect_insert(row).values(values)
    changed = {key: value for key, value in values.items() if key != "id"}
    update: Insert = statement.on_conflict_do_update(index_elements=["id"], set_=changed)
    connection.execute(update)


def _id(path: str) -> str:
    return str(uuid5(NAMESPACE, path))
