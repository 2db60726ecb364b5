"""The enums of the rows as GraphQL shows them: each of them, and each of its values, described.

Import this before a type that has one of them: Strawberry makes up an enum's definition when it meets it undescribed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import EnumMeta, StrEnum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from resolvers.auth import Role
from storage.models import EvseStatus, JobItemStatus, JobType, OcppVersion, ProvisioningStatus, RuntimeStatus

Enum = TypeVar("Enum", bound=EnumMeta)


class OcppDirection(StrEnum):
    """As REST spells it."""

    CP_TO_CSMS = "cp_to_csms"
    CSMS_TO_CP = "csms_to_cp"


def described(description: str, **values: str) -> Callable[[Enum], Enum]:
    """Makes an enum a GraphQL enum, with a description of each of its values by name."""
    return lambda enum: describe(enum, description, **values)


def describe(enum: Enum, description: str, **values: str) -> Enum:
    """As `described`, for an enum that stands elsewhere."""
    strawberry.enum(enum, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values.pop(value.name)
    assert not values, f"{enum.__name__} has no {', '.join(values)}"
    return enum


describe(
    Role,
    "What a token allows.",
    USER="Works within one organization, which the token names.",
    ADMIN="Works within the organization that each call names.",
)
describe(
    ProvisioningStatus,
    "How far the making of something has come; the last two never change again.",
    PENDING="Accepted; no work is reported yet.",
    PROVISIONING="Being worked on.",
    READY="Done.",
    FAILED="Given up; the error says why.",
)
describe(
    RuntimeStatus,
    "The state of a charger's runtime at its provider; not of its connection to the CSMS.",
    STARTING="On its way up.",
    RUNNING="Up.",
    STOPPED="Not wanted to run.",
    FAILED="It could not be started or has died.",
)
describe(
    EvseStatus,
    "The status of an EVSE (OCPI 2.2.1 §8.4.21).",
    AVAILABLE="Able to start a new charging session.",
    BLOCKED="Not accessible because of a physical barrier.",
    CHARGING="In use.",
    INOPERATIVE="Not yet active, or temporarily not available.",
    OUTOFORDER="Out of order.",
    PLANNED="Planned; will be operating soon.",
    REMOVED="Discontinued or removed.",
    RESERVED="Reserved for a driver.",
    UNKNOWN="Not known, as long as the charger has not reported it.",
)
describe(
    JobType,
    "What a job does.",
    BULK_CREATE_OCPI_LOCATIONS="Creates sites with their chargers in a network.",
    BULK_CREATE_CHARGERS="Creates chargers at a location.",
    CREATE_CPO="Creates the sites and chargers of a network's template.",
    CREATE_CHARGER="Creates one charger.",
)
describe(
    JobItemStatus,
    "How far one unit of a job has come.",
    PENDING="Not begun.",
    RUNNING="Being worked on.",
    SUCCEEDED="Done.",
    FAILED="Given up; its error says why. The other units go on.",
)
describe(
    OcppVersion,
    "The OCPP version that a charger speaks.",
    OCPP_1_6="OCPP 1.6, JSON over WebSocket.",
    OCPP_2_0_1="OCPP 2.0.1, JSON over WebSocket.",
)
describe(
    OcppDirection,
    "Which way a frame went.",
    CP_TO_CSMS="From the charger to its CSMS.",
    CSMS_TO_CP="From the CSMS to the charger.",
)
