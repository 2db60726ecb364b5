"""The settings of one process, read once from `CHARGEYARD_*` and checked before anything starts."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
URL_OPTIONS = {"host", "port", "user", "password", "passfile", "target_session_attrs"}  # all drivers have them alike


class SettingsError(Exception):
    """The environment does not make valid settings; the text names each variable and the remedy."""


class Settings(BaseSettings):
    """All settings; each field is the variable `CHARGEYARD_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="CHARGEYARD_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder of the SQLite file, the generated secret and the locks.")
    database_url: str = Field("", description="SQLite or PostgreSQL URL. Empty: a SQLite file in the data folder.")
    assets_dir: Path = Field(Path("assets"), description="Folder of the explorers' files that `assets` fetches.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Serving processes that share the port (PostgreSQL only).")
    public_url: str = Field("", description="URL under which clients reach the gateway, without a trailing slash.")
    jwt_secret: SecretStr = Field(SecretStr(""), description="HS256 secret, at least 32 bytes.")
    jwks_url: str = Field("", description="JWKS document with RS256, ES256 or EdDSA keys; replaces the secret.")
    cors_origins: str = Field("", description="Origins, separated by commas, whose pages may call the API; * for all.")
    token: SecretStr = Field(SecretStr(""), description="Bearer token that the command line's clients send.")
    csms_url: str = Field("ws://127.0.0.1:9000/ocpp", description="Where chargers made from templates connect.")
    fleet: bool = Field(True, description="Whether serving processes run chargers; off where `fleet` processes do.")
    provider: Literal["local", "ecs"] = Field("local", description="Where chargers run: in our processes or on ECS.")
    ecs_cluster: str = Field("", description="ECS cluster of the chargers' services.")
    ecs_task_definition: str = Field("", description="ECS task definition whose first container runs this program.")
    ecs_subnets: str = Field("", description="Subnets of the chargers' tasks, separated by commas.")
    ecs_security_groups: str = Field("", description="Security groups of the chargers' tasks, separated by commas.")
    ecs_chargers_per_task: int = Field(0, ge=0, description="Chargers that share a task; 0: a service for each.")
    charger_password: SecretStr = Field(SecretStr(""), description="Basic-auth password of chargers without their own.")
    charger_speed: float = Field(
        1.0, gt=0, le=1_000, description="How many times faster than real ones chargers restart, update and reconnect."
    )
    csms_ca_file: str = Field("", description="PEM file of the CAs of wss:// CSMS; empty: the system's.")
    ocpp_log_hours: int = Field(24, ge=1, description="Hours that OCPP frames and status changes are kept.")
    ocpp_log_frames: int = Field(
        1_000_000, ge=1_000, description="OCPP frames that are kept, the newest of all organizations."
    )
    max_open_jobs: int = Field(100, ge=1, description="Jobs that one organization may have open.")
    max_open_items: int = Field(50_000, ge=1, description="Items that the open jobs of one organization may hold.")
    job_retention_days: int = Field(30, ge=1, description="Days that a finished job and its events are kept.")
    http_profile: Literal["audited", "draft"] = Field(
        "audited",
        description="Status codes of GraphQL over HTTP: as graphql-http audits them, or as the 2026 draft has.",
    )
    introspection: bool = Field(
        True,
        description="Whether introspection and /schema.graphql are served; "
        "off, GraphQL also refuses requests without a token.",
    )
    suggestions: bool = Field(False, description='Whether GraphQL errors suggest names ("Did you mean …?").')
    trusted_documents: Path | None = Field(None, description="JSON of the only GraphQL documents to run, by id.")
    operation_timeout_s: float = Field(
        30.0, gt=0, description="Seconds that a GraphQL query or mutation may take, or a compiled read of REST."
    )
    keep_alive_s: float = Field(
        75.0, gt=0, description="Seconds that a connection may be idle, or take to send a request's head."
    )
    planner: bool = Field(
        True, description="Whether reads are compiled; off, GraphQL runs by field and REST by its handlers."
    )
    max_query_cost: int = Field(250_000, ge=1, description="Cost that one GraphQL operation may have.")
    cost_per_minute: int = Field(
        1_000_000_000, ge=0, description="Cost that one organization may ask for in a minute, per process; 0: no limit."
    )
    max_streams: int = Field(
        200,
        ge=1,
        description="Open streams of one organization; also of one address before its WebSockets have sent a token.",
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Lowest level that is logged.")

    @field_validator("database_url")
    @classmethod
    def _name_the_async_driver(cls, url: str) -> str:
        if not url:
            return url
        scheme, separator, rest = url.partition("://")
        dialect = scheme.partition("+")[0]
        if not separator or dialect not in ASYNC_DRIVERS:
            raise ValueError("must begin with sqlite:// or postgresql://")
        named = f"{ASYNC_DRIVERS[dialect]}://{rest}"
        _check_options(named)
        return named

    @field_validator("jwt_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        if secret.get_secret_value() and len(secret.get_secret_value().encode()) < 32:
            raise ValueError("must be at least 32 bytes (RFC 7518 §3.2)")
        return secret

    @field_validator("jwks_url", "public_url")
    @classmethod
    def _absolute_http_url(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")

    @field_validator("csms_url")
    @classmethod
    def _websocket_url(cls, url: str) -> str:
        if not _has_host(url, {"ws", "wss"}) or any(char.isspace() for char in url):
            raise ValueError("must be a ws:// or wss:// URL")
        return url

    @field_validator("csms_ca_file")
    @classmethod
    def _certificates(cls, file: str) -> str:
        if file:
            try:
                ssl.create_default_context(cafile=file)
            except OSError as exc:  # SSLError is one
                reason = "no certificate in it" if isinstance(exc, ssl.SSLError) else exc.strerror
                raise ValueError(f"{file} can't be read as PEM ({reason})") from exc
        return file

    @field_validator("cors_origins")
    @classmethod
    def _scheme_and_host(cls, origins: str) -> str:
        for origin in _listed(origins):
            if origin not in {"*", "null"} and (not _has_host(origin) or urlsplit(origin).path):
                raise ValueError(f"{origin} is no origin; give scheme and host, such as https://app.example")
        return origins

    @model_validator(mode="after")
    def _all_of_ecs(self) -> Self:
        if self.provider == "ecs":
            for name in ("ecs_cluster", "ecs_task_definition", "ecs_subnets"):
                if not getattr(self, name):
                    raise ValueError(f"CHARGEYARD_{name.upper()}: needed where CHARGEYARD_PROVIDER is ecs")
            if self.is_sqlite:
                raise ValueError("CHARGEYARD_DATABASE_URL: chargers on ECS need PostgreSQL, which they share")
        return self

    @model_validator(mode="after")
    def _one_process_on_sqlite(self) -> Self:
        if self.workers > 1 and self.is_sqlite:
            raise ValueError("CHARGEYARD_WORKERS: SQLite serves one process; use PostgreSQL for more")
        return self

    @model_validator(mode="after")
    def _one_kind_of_keys(self) -> Self:
        if self.jwt_secret.get_secret_value() and self.jwks_url:
            raise ValueError("CHARGEYARD_JWT_SECRET and CHARGEYARD_JWKS_URL exclude each other")
        return self

    @classmethod
    def from_env(cls, **given: Any) -> Settings:
        """Reads the environment; what is given here wins. Raises SettingsError with a line for each wrong variable."""
        try:
            return cls(**given)
        except ValidationError as exc:
            lines = [_line(error["loc"], error["msg"]) for error in exc.errors()]
            raise SettingsError("\n".join(lines)) from exc

    @property
    def resolved_database_url(self) -> str:
        """The database URL with its async driver, the SQLite default included."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'chargeyard.db'}"

    @cached_property
    def allowed_origins(self) -> frozenset[str]:
        return frozenset(_listed(self.cors_origins))

    @property
    def is_sqlite(self) -> bool:
        return self.resolved_database_url.startswith("sqlite")

    @property
    def base_url(self) -> str:
        """Where clients reach the gateway: `public_url`, or the listening address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def _check_options(database_url: str) -> None:
    """Raises ValueError for what one of the drivers would not understand; each spells most options its own way."""
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError) as exc:
        raise ValueError("is not the URL of a database") from exc
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ValueError("names no file; SQLite needs one, such as sqlite:///chargeyard.db")
    known = set() if url.get_backend_name() == "sqlite" else URL_OPTIONS
    for option in sorted(url.query.keys() - known):
        remedy = "set PGSSLMODE and PGSSLROOTCERT instead" if option.startswith("ssl") else "leave it out"
        raise ValueError(f"has the option {option}, which not every driver takes; {remedy}")


def _has_host(text: str, schemes: Collection[str] | None = None) -> bool:
    """Whether this is a URL with a host, and a port if any, of one of these schemes."""
    try:
        url = urlsplit(text)
        return bool(url.scheme and url.hostname) and url.port != 0 and (schemes is None or url.scheme in schemes)
    except ValueError:
        return False


def _listed(origins: str) -> list[str]:
    return [origin.strip().rstrip("/") for origin in origins.split(",") if origin.strip()]


def _line(loc: tuple[str | int, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"CHARGEYARD_{str(loc[0]).upper()}: {text}" if loc else text
