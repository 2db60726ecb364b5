"""What a CSMS can configure: keys (OCPP 1.6 §9) and variables (OCPP 2.0.1 Part 2 Appendix 3), declared per version.

The charger reads `settings`; each version's table says which of its keys is which setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from fleet.connector import Connector
from fleet.memory import Memory
from fleet.plate import Nameplate

UNLIMITED = 2**31 - 1


class Setting(StrEnum):
    """What the charger's behaviour depends on, whatever the version calls it."""

    HEARTBEAT_INTERVAL = "heartbeat_interval"
    METER_INTERVAL = "meter_interval"
    METER_MEASURANDS = "meter_measurands"
    CLOCK_INTERVAL = "clock_interval"
    CLOCK_MEASURANDS = "clock_measurands"
    CLOCK_ONLY_WHEN_IDLE = "clock_only_when_idle"
    START_MEASURANDS = "start_measurands"
    END_INTERVAL = "end_interval"
    END_MEASURANDS = "end_measurands"
    END_CLOCK_INTERVAL = "end_clock_interval"
    END_CLOCK_MEASURANDS = "end_clock_measurands"
    STATUS_DURATION = "status_duration"
    OFFLINE_THRESHOLD = "offline_threshold"
    CONNECTION_TIMEOUT = "connection_timeout"
    AUTHORIZE_REMOTE = "authorize_remote"
    LOCAL_PRE_AUTHORIZE = "local_pre_authorize"
    LOCAL_AUTHORIZE_OFFLINE = "local_authorize_offline"
    ALLOW_OFFLINE_UNKNOWN = "allow_offline_unknown"
    CACHE_ENABLED = "cache_enabled"
    LIST_ENABLED = "list_enabled"
    STOP_ON_EV_DISCONNECT = "stop_on_ev_disconnect"
    STOP_ON_INVALID_TOKEN = "stop_on_invalid_token"
    MESSAGE_ATTEMPTS = "message_attempts"
    MESSAGE_RETRY_INTERVAL = "message_retry_interval"
    PING_INTERVAL = "ping_interval"
    PASSWORD = "password"


class Kind(StrEnum):
    """How a key's text is read."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "string"
    LIST = "MemberList"


class Outcome(StrEnum):
    """What came of a change. OCPP 1.6 §7.19; 2.0.1's SetVariableStatusEnumType has a word for each."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    REBOOT_REQUIRED = "RebootRequired"
    UNKNOWN = "NotSupported"


class Holder(Protocol):
    """The charger that has the keys, as far as their defaults depend on it."""

    plate: Nameplate
    connectors: list[Connector]
    memory: Memory


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Its default may depend on the charger; `maximum` is the greatest number or length accepted."""

    name: str
    kind: Kind
    default: str | Callable[[Holder], str]
    setting: Setting | None = None
    read_only: bool = False
    write_only: bool = False
    reboot: bool = False
    minimum: int = 0
    maximum: int = UNLIMITED
    members: frozenset[str] = frozenset()

    def accepts(self, value: str) -> bool:
        """Whether a text is a value of this key."""
        match self.kind:
            case Kind.INTEGER:
                return value.removeprefix("-").isdecimal() and self.minimum <= int(value) <= self.maximum
            case Kind.BOOLEAN:
                return value.lower() in ("true", "false")
            case Kind.LIST:
                return not self.members or set(filter(None, map(str.strip, value.split(",")))) <= self.members
            case Kind.TEXT:
                return self.minimum <= len(value) <= self.maximum


class Keys:
    """One version's keys, by name and by setting; `also` names keys that are a second setting as well."""

    def __init__(self, keys: Iterable[Key], also: Mapping[Setting, str] = MappingProxyType({})) -> None:
        self.by_name: Mapping[str, Key] = {key.name: key for key in keys}
        self._folded = {name.lower(): key for name, key in self.by_name.items()}
        own = {key.setting: key for key in self.by_name.values() if key.setting}
        self.by_setting: Mapping[Setting, Key] = own | {setting: self.by_name[name] for setting, name in also.items()}

    def find(self, name: str) -> Key | None:
        """The key of a name, which 1.6 and 2.0.1 let a CSMS write in capitals or not."""
        return self._folded.get(name.lower())


def integer(name: str, default: int, setting: Setting | None = None, *, minimum: int = 0, reboot: bool = False) -> Key:
    return Key(name, Kind.INTEGER, str(default), setting, minimum=minimum, reboot=reboot)


def measurands(name: str, default: str, setting: Setting, known: frozenset[str]) -> Key:
    """A key that lists what samples of an occasion read."""
    return Key(name, Kind.LIST, default, setting, members=known)


def boolean(name: str, default: bool, setting: Setting | None = None) -> Key:
    return Key(name, Kind.BOOLEAN, "true" if default else "false", setting)


def fixed(
    name: str, value: str | Callable[[Holder], str], kind: Kind = Kind.INTEGER, *, maximum: int = UNLIMITED
) -> Key:
    """A key that the CSMS can read only."""
    return Key(name, kind, value, read_only=True, maximum=maximum)
