"""What an installation on a loopback address makes for itself: its signing secret and its first organization."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from uuid import UUID, uuid4

from pydantic import SecretStr

from resolvers.auth import Role, make_token
from settings import Settings, SettingsError

FIRST_TOKEN_DAYS = 30


def with_secret(settings: Settings) -> Settings:
    """Settings whose secret is the given one or the one kept beside the database. Raises SettingsError for neither."""
    if settings.jwks_url:
        raise SettingsError("CHARGEYARD_JWKS_URL: tokens come from the identity provider, none can be made here")
    if settings.jwt_secret.get_secret_value():
        return settings
    file = _file(settings)
    if not file.is_file():
        raise SettingsError("CHARGEYARD_JWT_SECRET: no secret yet; set it, or start `serve` once on a loopback address")
    return _with(settings, _read(file))


def prepared(settings: Settings) -> tuple[Settings, str | None]:
    """Settings that tokens can be verified with, and a first user token when the secret was made just now.

    Only a gateway on a loopback address makes its own secret: elsewhere a forgotten setting must not go unnoticed.
    Raises SettingsError there.
    """
    if settings.jwks_url or settings.jwt_secret.get_secret_value():
        return settings, None
    if not settings.is_loopback:
        raise SettingsError(
            f"CHARGEYARD_JWT_SECRET: {settings.host} is not a loopback address, so tokens need a secret of at least "
            "32 bytes here (or set CHARGEYARD_JWKS_URL)"
        )
    file = _file(settings)
    is_new = not file.exists()
    if is_new:
        _make(file, secrets.token_urlsafe(48))
    settings = _with(settings, _read(file))
    return settings, _first_token(settings) if is_new else None


def first_organization(settings: Settings) -> str:
    """The organization of this installation's own tokens, kept in the data folder from the first of them on.

    Raises SettingsError where the file was cut short, by a full disk for one.
    """
    file = settings.data_dir / "organization"
    if not file.exists():
        _make(file, str(uuid4()))
    organization = _read(file).strip()
    try:
        UUID(organization)
    except ValueError as exc:
        remedy = "write that of your organization into it, or delete it to have one made"
        raise SettingsError(f"{file}: holds no UUID; {remedy}") from exc
    return organization


def _file(settings: Settings) -> Path:
    return settings.data_dir / "jwt-secret"


def _make(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        raise _not_made(file, exc) from exc
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
    except OSError as exc:
        file.unlink(missing_ok=True)  # the next start would take what there was room for as the whole
        raise _not_made(file, exc) from exc


def _not_made(file: Path, exc: OSError) -> SettingsError:
    return SettingsError(f"CHARGEYARD_DATA_DIR: {file} can't be made ({exc.strerror})")


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise SettingsError(f"CHARGEYARD_DATA_DIR: {file} can't be read ({reason})") from exc


def _with(settings: Settings, secret: str) -> Settings:
    if len(secret.strip()) < 32:
        raise SettingsError(f"{_file(settings)}: is too short for a secret; delete it to have one made")
    return settings.model_copy(update={"jwt_secret": SecretStr(secret.strip())})


def _first_token(settings: Settings) -> str:
    return make_token(
        settings.jwt_secret.get_secret_value(),
        subject="first-user",
        role=Role.USER,
        organization_id=first_organization(settings),
        lifetime_s=FIRST_TOKEN_DAYS * 24 * 3600,
    )
