"""Rows as OCPI objects, to the letter of 2.1.1 and 2.2.1: the only place where the two differ in what they send.

What real sites hold beyond OCPI's limits is cut, never refused: a location with a long address is still a location.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from ocpi.countries import alpha_3
from storage.models import Cpo, Evse, OcpiConnector, wire
from storage.peer_locations import PeerLocation

Object = dict[str, Any]


class Version(StrEnum):
    """The OCPI versions that a network can speak; it speaks one."""

    V2_1_1 = "2.1.1"
    V2_2_1 = "2.2.1"


UID_LENGTH = 36
OUTLET_LENGTH = 30  # eMI3 EVSE id: the part behind `E`
NO_POSTAL_CODE = "-"  # 2.1.1 requires one and sites have none
NO_TIME_ZONE = "Etc/UTC"  # 2.2.1 requires one
CAPABILITIES = ["RFID_READER"]  # remote starts and unlocking would need the commands module

# OCPI 2.1.1 §8.4.16; the other parking types of 2.2.1 are newer
_LOCATION_TYPES = {"ON_STREET", "PARKING_GARAGE", "UNDERGROUND_GARAGE", "PARKING_LOT"}
# connector standards that 2.2 added: a 2.1.1 peer could not read an EVSE with one
_NEW_STANDARDS = re.compile("CHAOJI|DOMESTIC_[MNO]|GBT_.*|NEMA_.*|PANTOGRAPH_.*")


def location_object(found: PeerLocation, cpo: Cpo) -> Object:
    """A Location with its EVSEs (OCPI 2.2.1 §8.3.1, 2.1.1 §3.1)."""
    version = Version(cpo.ocpi_version)
    site = found.location
    shown: Object = {
        "id": site.id,
        "name": _text(site.name, 255),
        "address": _text(site.address, 45) or "-",
        "city": _text(site.city, 45) or "-",
        "country": alpha_3(site.country),
        "coordinates": {"latitude": _degrees(site.latitude), "longitude": _degrees(site.longitude)},
        "evses": [evse_object(evse, connector, cpo) for evse, connector in found.evses if is_shown(connector, version)],
        "owner": {"name": _text(site.owner_name, 100)} if _text(site.owner_name, 100) else None,
        "time_zone": site.timezone,
        "last_updated": _instant(_last_updated(found), version),
    }
    if version is Version.V2_1_1:
        shown |= {"type": _location_type(site.parking_type), "postal_code": NO_POSTAL_CODE}
    else:
        shown |= {
            "country_code": cpo.country_code,
            "party_id": cpo.party_id,
            "publish": site.public,
            "parking_type": site.parking_type,
            "time_zone": site.timezone or NO_TIME_ZONE,
        }
    return _present(shown)


def evse_object(evse: Evse, connector: OcpiConnector, cpo: Cpo) -> Object:
    """An EVSE with its connector (OCPI 2.2.1 §8.3.2, 2.1.1 §3.2)."""
    version = Version(cpo.ocpi_version)
    return {
        "uid": uid_of(evse),
        "evse_id": f"{cpo.country_code}*{cpo.party_id}*E{_outlet(evse.evse_uid)}",
        "status": evse.status,
        "capabilities": CAPABILITIES,
        "connectors": [connector_object(evse, connector, cpo)],
        "last_updated": _instant(max(evse.last_updated, connector.last_updated), version),
    }


def connector_object(evse: Evse, connector: OcpiConnector, cpo: Cpo) -> Object:
    """A Connector (OCPI 2.2.1 §8.3.3, 2.1.1 §3.3)."""
    version = Version(cpo.ocpi_version)
    shown = {
        "id": connector.connector_id,
        "standard": connector.standard,
        "format": connector.format,
        "power_type": connector.power_type,
        "last_updated": _instant(connector.last_updated, version),
    }
    if version is Version.V2_1_1:
        return shown | {"voltage": connector.max_voltage, "amperage": connector.max_amperage}
    power = {"max_electric_power": evse.max_power}
    return _present(shown | {"max_voltage": connector.max_voltage, "max_amperage": connector.max_amperage} | power)


def is_shown(connector: OcpiConnector, version: Version) -> bool:
    """Whether the version has a word for the connector's standard."""
    return version is not Version.V2_1_1 or not _NEW_STANDARDS.fullmatch(connector.standard)


def uid_of(evse: Evse) -> str:
    """The uid that peers see: the EVSE's own, or where that is longer than OCPI allows, its beginning and a digest."""
    uid = evse.evse_uid
    return uid if len(uid) <= UID_LENGTH else f"{uid[: UID_LENGTH - 9]}-{_digest(uid)}"


def now() -> str:
    """The instant of an answer, in whole seconds, which both versions read."""
    return _instant(datetime.now(UTC), Version.V2_1_1)


def _instant(at: datetime, version: Version) -> str:
    # 2.1.1 knows no fractions of a second
    return wire(at) if version is Version.V2_2_1 else wire(at).partition(".")[0] + "Z"


def _last_updated(found: PeerLocation) -> datetime:
    parts = [max(evse.last_updated, connector.last_updated) for evse, connector in found.evses]
    return max([found.location.updated_at, *parts])


def _location_type(parking_type: str | None) -> str:
    if parking_type is None:
        return "UNKNOWN"
    return parking_type if parking_type in _LOCATION_TYPES else "OTHER"


def _degrees(value: float) -> str:
    """Six decimals: the most that fit both the length and the pattern of both versions; about 0.1 m."""
    return f"{round(value, 6) + 0.0:.6f}"  # + 0.0 turns -0.0 into 0.0


def _text(value: str | None, length: int) -> str:
    """Printable text on one line, cut to OCPI's length."""
    line = " ".join((value or "").split())
    return "".join(char for char in line if unicodedata.category(char) != "Cc")[:length].rstrip()


def _outlet(uid: str) -> str:
    """The uid in the alphabet of an EVSE id, with a digest where that loses something."""
    outlet = re.sub("[^A-Z0-9]+", "*", uid.upper()).strip("*")
    if outlet.replace("*", "_") == uid and len(outlet) <= OUTLET_LENGTH:
        return outlet
    return f"{outlet[: OUTLET_LENGTH - 9].strip('*')}*{_digest(uid).upper()}".lstrip("*")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]


def _present(shown: Object) -> Object:
    """OCPI leaves out what has no value."""
    return {key: value for key, value in shown.items() if value is not None and value != ""}
