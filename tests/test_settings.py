"""The environment is checked before anything starts, and everything that can be set is in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from commands import COMMANDS, main
from settings import Settings, SettingsError

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORT", "eighty", "CHARGEYARD_PORT: Input should be a valid integer, unable to parse string as an integer"),
        ("PORT", "70000", "CHARGEYARD_PORT: Input should be less than or equal to 65535"),
        ("DATABASE_URL", "mysql://db", "CHARGEYARD_DATABASE_URL: must begin with sqlite:// or postgresql://"),
        ("DATABASE_URL", "postgresql://host:port/db", "CHARGEYARD_DATABASE_URL: is not the URL of a database"),
        (
            "DATABASE_URL",
            "postgresql://host/db?sslmode=require",
            "CHARGEYARD_DATABASE_URL: has the option sslmode, which not every driver takes; "
            "set PGSSLMODE and PGSSLROOTCERT instead",
        ),
        (
            "DATABASE_URL",
            "sqlite:///yard.db?timeout=5",
            "CHARGEYARD_DATABASE_URL: has the option timeout, which not every driver takes; leave it out",
        ),
        ("JWT_SECRET", "short", "CHARGEYARD_JWT_SECRET: must be at least 32 bytes (RFC 7518 §3.2)"),
        ("JWKS_URL", "keys.json", "CHARGEYARD_JWKS_URL: must begin with http:// or https://"),
        ("CSMS_URL", "http://csms.example", "CHARGEYARD_CSMS_URL: must be a ws:// or wss:// URL"),
        ("CSMS_URL", "ws://csms:port/ocpp", "CHARGEYARD_CSMS_URL: must be a ws:// or wss:// URL"),
        (
            "CSMS_CA_FILE",
            "/nowhere/ca.pem",
            "CHARGEYARD_CSMS_CA_FILE: /nowhere/ca.pem can't be read as PEM (No such file or directory)",
        ),
        ("CSMS_CA_FILE", __file__, f"CHARGEYARD_CSMS_CA_FILE: {__file__} can't be read as PEM (no certificate in it)"),
        (
            "CORS_ORIGINS",
            "https://a.example, localhost:3000",
            "CHARGEYARD_CORS_ORIGINS: localhost:3000 is no origin; give scheme and host, such as https://app.example",
        ),
        (
            "CORS_ORIGINS",
            "https://a.example/app",
            "CHARGEYARD_CORS_ORIGINS: https://a.example/app is no origin; "
            "give scheme and host, such as https://app.example",
        ),
        ("WORKERS", "2", "CHARGEYARD_WORKERS: SQLite serves one process; use PostgreSQL for more"),
    ],
)
def test_a_wrong_setting_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(f"CHARGEYARD_{name}", value)

    with pytest.raises(SettingsError) as raised:
        Settings.from_env()

    assert str(raised.value) == complaint


def test_each_wrong_setting_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEYARD_PORT", "x")
    monkeypatch.setenv("CHARGEYARD_LOG_LEVEL", "loud")

    with pytest.raises(SettingsError) as raised:
        Settings.from_env()

    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == [
        "CHARGEYARD_PORT",
        "CHARGEYARD_LOG_LEVEL",
    ]


def test_a_wrong_setting_ends_a_command_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHARGEYARD_PORT", "x")

    assert main(["migrate"]) == 2
    assert capsys.readouterr().err.startswith("CHARGEYARD_PORT: ")


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEYARD_PORT", "9000")

    assert Settings.from_env(port=9001).port == 9001


def test_every_setting_and_no_other_stands_in_the_readme() -> None:
    named = set(re.findall(r"CHARGEYARD_([A-Z_]*[A-Z])", README.read_text()))

    assert named - {"TEST_POSTGRES_URL"} == {name.upper() for name in Settings.model_fields}


def test_the_table_of_settings_in_the_readme_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `CHARGEYARD_.*", README.read_text(), re.MULTILINE)

    assert rows == [_row(name, field) for name, field in Settings.model_fields.items()]


def _row(name: str, field: FieldInfo) -> str:
    default = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    elif isinstance(default, bool):
        default = str(default).lower()
    shown = "" if default in ("", None) else f"`{default}`"
    return f"| `CHARGEYARD_{name.upper()}` | {shown} | {field.description} |"


def test_every_command_stands_in_the_readme() -> None:
    text = README.read_text()

    assert [name for name in COMMANDS if f"app.py {name}" not in text] == []
