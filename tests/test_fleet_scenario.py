"""Scenario files, played through the API by the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from commands import main
from commands.scenario.plan import read_plan
from tests.support.csms import SILENCE, CallError, Csms, Station
from tests.support.gateway import Tenant
from tests.support.one_database import ONE_DATABASE

ROOT = Path(__file__).parents[1]

SHORT = """
name = "A short day"
seed = 7
boot_seconds = {boot_seconds}

[chargers]
count = 6
ramp_minutes = 0.02
ocpp_version = "{version}"
ws_url = "{url}"

[chargers.network]
latency_ms = 1

[[steps]]
do = "start"
share = 0.5

[[steps]]
do = "wait"
seconds = 1

[[steps]]
do = "power"
power_w = 3000

[[steps]]
do = "fault"
share = 0.2
fault_type = "GroundFailure"

[[steps]]
do = "repair"

[[steps]]
do = "reconnect_storm"

[[steps]]
do = "network"

[[steps]]
do = "unplug"
share = 0.1

[[steps]]
do = "charge"
share = 0.1
target_energy_kwh = 0.001
"""


@pytest.fixture
def csms(csms: Csms) -> Csms:
    csms.patience_s = 60
    return csms


async def play(tenant: Tenant, file: Path) -> int:
    """The exit status of the command."""
    arguments = ["scenario", str(file), "--url", tenant.gateway.url, "--token", tenant.token()]
    return await asyncio.to_thread(main, arguments)


@ONE_DATABASE
@pytest.mark.parametrize("version", ["OCPP1.6", "OCPP2.0.1"])
async def test_a_scenario_is_played_and_reported(
    tenant: Tenant, csms: Csms, tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    file = tmp_path / "short.toml"
    without_unplug = SHORT.replace('[[steps]]\ndo = "unplug"\nshare = 0.1\n', "")
    file.write_text(without_unplug.format(url=csms.url, version=version, boot_seconds=60))

    status = await play(tenant, file)

    printed = capsys.readouterr().out
    stations = csms.stations.values()
    assert (status, "Nothing failed." in printed) == (0, True), printed
    assert len(stations) == 6
    assert sum(bool(s.sent("StartTransaction") or s.sent("TransactionEvent")) for s in stations) in (3, 4)
    assert all(len(s.sent("BootNotification")) == 2 for s in stations)
    assert (await tenant.data("{ chargers { totalCount } }"))["chargers"]["totalCount"] == 0


async def test_a_step_that_fails_says_why_and_fails_the_run(
    tenant: Tenant, csms: Csms, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(
        f'name = "Wrong"\nkeep = true\n[chargers]\ncount = 2\nws_url = "{csms.url}"\n[[steps]]\ndo = "unplug"\n'
    )

    status = await play(tenant, file)

    printed = capsys.readouterr().out
    assert (status, "2 failed." in printed) == (1, True), printed
    assert "plugged in." in printed
    assert (await tenant.data("{ chargers { totalCount } }"))["chargers"]["totalCount"] == 2


@ONE_DATABASE
async def test_chargers_that_could_not_be_made_say_why_and_are_not_waited_for(
    tenant: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "unknown.toml"
    file.write_text(
        'name = "Unknown"\nboot_seconds = 600000\n[chargers]\ncount = 3\nramp_minutes = 0.01\nmodel_slug = "none"\n'
        '[[steps]]\ndo = "plug"\n'
    )

    status = await play(tenant, file)

    printed = capsys.readouterr().out
    assert (status, "3 × wallbox has no model none." in printed) == (1, True), printed


@ONE_DATABASE
async def test_a_charger_that_refuses_a_step_leaves_the_others_and_the_next_steps_to_go_on(
    tenant: Tenant, csms: Csms, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deleted.toml"
    steps = "".join(f'[[steps]]\ndo = "{do}"\n' for do in ("fault", "repair", "reconnect_storm"))
    file.write_text(
        f'name = "Deleted"\nkeep = true\n[chargers]\ncount = 2\nws_url = "{csms.url}"\n'
        f'[[steps]]\ndo = "start"\n[[steps]]\ndo = "wait"\nseconds = 2\n{steps}'
    )

    playing = asyncio.create_task(play(tenant, file))
    await csms.until(lambda: sum(bool(s.sent("StartTransaction")) for s in csms.stations.values()) == 2, "two starts")
    deleted = (await tenant.data("{ chargers { nodes { id } } }"))["chargers"]["nodes"][0]["id"]
    await tenant.data("mutation($id: ID!) { deleteCharger(input: {id: $id}) { deletedId } }", id=deleted)
    status = await playing

    printed = capsys.readouterr().out
    assert (status, "3 failed." in printed) == (1, True), printed
    assert printed.count("1 × ") == 3, printed


@ONE_DATABASE
async def test_a_charger_that_is_away_has_not_charged(
    tenant: Tenant, csms: Csms, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its connection ends while its CSMS is asked for the token, and it finds no way back."""
    hung_up: list[asyncio.Task[None]] = []

    def hang_up(station: Station, payload: dict[str, object]) -> CallError:
        hung_up.append(asyncio.get_running_loop().create_task(station.hang_up()))
        return SILENCE

    csms.behaviours["Authorize"] = hang_up
    file = tmp_path / "away.toml"
    file.write_text(
        f'name = "Away"\n[chargers]\ncount = 1\nws_url = "{csms.url}"\n[[steps]]\ndo = "network"\nrefuse = 1.0\n'
        '[[steps]]\ndo = "charge"\ntarget_energy_kwh = 0.001\npatience_seconds = 2\n'
    )

    status = await play(tenant, file)

    printed = capsys.readouterr().out
    assert (status, len(hung_up), "not charged in time" in printed) == (1, 1, True), printed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "Invalid value"),
        ('name = "x"\n[chargers]\ncount = 0\n[[steps]]\ndo = "wait"\nseconds = 1', "chargers.count"),
        ('name = "x"\n[chargers]\ncount = 1\n[[steps]]\ndo = "dance"', "steps.0"),
        ('name = "x"\ncolour = 1\n[chargers]\ncount = 1\n[[steps]]\ndo = "wait"\nseconds = 1', "colour"),
    ],
)
async def test_a_file_that_is_no_scenario_is_refused_before_anything_happens(
    tenant: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(text)

    assert await play(tenant, file) == 2
    assert told in capsys.readouterr().err


async def test_a_gateway_without_a_url_is_refused_before_it_is_looked_for(tenant: Tenant) -> None:
    with pytest.raises(SystemExit) as stopped:
        await asyncio.to_thread(main, ["scenario", "none.toml", "--url", "gateway.example", "--token", tenant.token()])

    assert stopped.value.code == 2


def test_the_published_scenarios_are_valid() -> None:
    assert [read_plan(file).name for file in sorted((ROOT / "docs" / "scenarios").glob("*.toml"))]
