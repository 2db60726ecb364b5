"""A scenario as its file has it: the chargers to play with, and what happens to them, step by step."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_CHARGERS = 10_000
MAX_WAIT_S = 7 * 86_400.0

Share = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=MAX_WAIT_S)]


class UnusableScenario(Exception):
    """The file is no scenario; the text has a line for each mistake."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(Part):
    """What is wrong with the network; all zero is a perfect one."""

    latency_ms: int = 0
    jitter_ms: int = 0
    loss: float = 0.0
    duplicate: float = 0.0
    slow: float = 0.0
    slow_ms: int = 0
    refuse: float = 0.0


class Chargers(Part):
    """The chargers to create, all at once or spread over `ramp_minutes`."""

    count: int = Field(ge=1, le=MAX_CHARGERS)
    ramp_minutes: float = Field(0.0, ge=0, le=1_440)
    brand_slug: str = "wallbox"
    model_slug: str = "wallbox-pulsar-plus"
    connector_type: str = "Type2"
    ocpp_version: Literal["OCPP1.6", "OCPP2.0.1"] = "OCPP1.6"
    ws_url: str | None = None
    identity_prefix: str = "S-"
    network: Network | None = None


class Step(Part):
    """Something that happens to a share of the chargers, which the seed picks."""

    share: Share = 1.0


class Wait(Part):
    do: Literal["wait"]
    seconds: Seconds


class Plug(Step):
    do: Literal["plug", "unplug", "stop", "repair", "reconnect_storm"]


class Start(Step):
    do: Literal["start"]
    id_tag: str = "SCENARIO"
    duration_seconds: int | None = Field(None, ge=1)


class Charge(Step):
    """A session until so much has flowed, waited for."""

    do: Literal["charge"]
    target_energy_kwh: float = Field(gt=0)
    id_tag: str = "SCENARIO"
    patience_seconds: Seconds = 600.0


class Fault(Step):
    do: Literal["fault"]
    fault_type: str = "OtherError"


class Power(Step):
    do: Literal["power"]
    power_w: int = Field(ge=0)


class Weather(Network):
    """A change of the network of every charger."""

    do: Literal["network"]


AnyStep = Annotated[Wait | Plug | Start | Charge | Fault | Power | Weather, Field(discriminator="do")]


class Plan(Part):
    """A whole scenario. With `keep` its chargers outlive it."""

    name: str = Field(min_length=1, max_length=255)
    seed: int = 0
    keep: bool = False
    boot_seconds: Seconds = 60.0
    chargers: Chargers
    steps: list[AnyStep] = Field(min_length=1)


def read_plan(path: Path) -> Plan:
    """The scenario of a TOML file. Raises UnusableScenario."""
    try:
        return Plan.model_validate(tomllib.loads(path.read_text()))
    except OSError as exc:
        raise UnusableScenario(f"{path}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UnusableScenario(f"{path}: {exc}") from exc
    except ValidationError as exc:
        raise UnusableScenario("\n".join(f"{path}: {_line(error)}" for error in exc.errors())) from exc


def _line(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg']}" if where else str(error["msg"])
