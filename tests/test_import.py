"""`python app.py import`, against a running gateway."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands import main
from tests.support.gateway import Tenant
from tests.support.network import Network, add_network
from tests.support.one_database import ONE_DATABASE
from tests.support.proxy import running_proxy

DATA = Path(__file__).with_name("data")
SITES, MESSY = DATA / "charging_locations_50.ndjson", DATA / "charging_locations_messy_20.ndjson"


@pytest.fixture
async def network(tenant: Tenant) -> Network:
    return await add_network(tenant)


@dataclass
class Outcome:
    status: int
    out: str
    err: str


class Command:
    """Runs the command in a thread of its own, as it runs its own loop."""

    def __init__(self, capsys: pytest.CaptureFixture[str], network: Network) -> None:
        self._capsys = capsys
        self._network = network

    async def __call__(self, file: Path, *options: str, url: str | None = None, token: str | None = None) -> Outcome:
        tenant = self._network.tenant
        arguments = [
            "import", str(file), "--cpo", str(self._network.id), "--url", url or tenant.gateway.url,
            "--token", tenant.token() if token is None else token, *options,
        ]  # fmt: skip
        status = await asyncio.to_thread(main, arguments)
        out, err = self._capsys.readouterr()
        return Outcome(status, out, err)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], network: Network) -> Command:
    return Command(capsys, network)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


async def totals(network: Network) -> tuple[int, int, int]:
    """Sites, chargers and EVSEs of the network."""
    document = "query ($id: ID!) { cpo(id: $id) { topology { locations chargers evses } } }"
    topology = (await network.tenant.data(document, id=str(network.id)))["cpo"]["topology"]
    return topology["locations"], topology["chargers"], topology["evses"]


async def test_fifty_real_sites_are_created_as_they_are(run: Command, network: Network) -> None:
    outcome = await run(SITES)

    _, body = await network.tenant.rest("GET", f"/ocpi/cpos/{network.id}/locations?limit=100")
    created = {(each["name"], each["city"], each["coordinates"]["latitude"]) for each in body["data"]}
    expected = {(row["name"].strip(), row["city"].strip(), row["coordinates"]["latitude"]) for row in rows_of(SITES)}
    assert outcome.status == 0, outcome
    assert created == expected
    assert await totals(network) == (50, 0, 0)


async def test_each_messy_row_has_its_reason_and_nothing_is_half_written(run: Command, network: Network) -> None:
    outcome = await run(MESSY)

    assert outcome.status == 1
    assert await totals(network) == (0, 0, 0)
    for line, row in enumerate(rows_of(MESSY), 1):
        (shown,) = [text for text in outcome.out.splitlines() if text.split("│")[1:2] == [f"{line:>5} "]]
        for field in ("address", "city"):
            assert (f"{field}:" in shown or f"no {field}" in shown) == (not (row[field] or "").strip()), shown


async def test_elements_of_an_array_that_fail_are_told_from_each_other_by_their_numbers(
    run: Command, tmp_path: Path
) -> None:
    good = rows_of(SITES)[0]
    file = tmp_path / "sites.json"
    file.write_text(json.dumps([good, {**good, "country": "FRA"}, {**good, "city": None}, 5]))

    outcome = await run(file)

    failures = [[cell.strip() for cell in line.split("│")[1:-1]] for line in outcome.out.splitlines() if "│" in line]
    told = [(line, number, reason) for line, number, _, reason in (row for row in failures if len(row) == 4)]
    assert [row[:2] for row in told] == [("1", "2"), ("1", "3"), ("1", "4")]
    assert [row[2].partition(":")[0] for row in told] == ["BAD_USER_INPUT", "unreadable", "unreadable"]


async def test_good_rows_among_messy_ones_are_created(run: Command, network: Network, tmp_path: Path) -> None:
    mixed = [row for pair in zip(rows_of(SITES), rows_of(MESSY), strict=False) for row in pair]

    outcome = await run(written(tmp_path / "mixed.ndjson", mixed), "--batch-size", "7")

    assert outcome.status == 1
    assert await totals(network) == (20, 0, 0)


async def test_the_first_sites_get_chargers(run: Command, network: Network) -> None:
    outcome = await run(
        SITES, "--chargers-per-location", "2", "--first", "3", "--brand", "wallbox", "--model", "wallbox-pulsar-plus",
        "--ws-url", "ws://127.0.0.1:1/ocpp", "--identity-prefix", "IMP-", "--batch-size", "2",
    )  # fmt: skip

    _, body = await network.tenant.rest("GET", "/ocpp/chargers")
    assert outcome.status == 0, outcome
    assert await totals(network) == (50, 6, 6)
    assert {each["identity"] for each in body["data"]} == {f"IMP-{line}-{n}" for line in (1, 2, 3) for n in (1, 2)}


async def test_running_it_again_creates_nothing_twice(run: Command, network: Network) -> None:
    first = await run(SITES, "--batch-size", "20")
    second = await run(SITES, "--batch-size", "20")

    assert (first.status, second.status) == (0, 0)
    assert "50" in second.out
    assert await totals(network) == (50, 0, 0)


async def test_a_mended_report_can_be_imported(run: Command, network: Network, tmp_path: Path) -> None:
    report, mended = tmp_path / "failures.ndjson", tmp_path / "mended.ndjson"
    broken = tmp_path / "messy.ndjson"
    broken.write_text("{broken\n" + MESSY.read_text())

    await run(broken, "--report", str(report))
    failures = rows_of(report)
    written(mended, [{**row, "address": "1 Street", "city": "Here"} for row in failures if "name" in row])
    outcome = await run(mended)

    assert [row["_import"]["line"] for row in failures] == list(range(1, 22))
    assert failures[0]["_import"] | {"reason": ""} == {
        "line": 1, "code": "unreadable", "reason": "", "text": "{broken",
    }  # fmt: skip
    assert outcome.status == 0, outcome
    assert await totals(network) == (20, 0, 0)


async def test_chargers_of_a_mended_report_are_named_after_the_rows_of_the_first_file(
    run: Command, network: Network, tmp_path: Path
) -> None:
    good = rows_of(SITES)[:3]
    file = tmp_path / "sites.json"
    file.write_text(json.dumps([good[0], {**good[1], "city": None}, good[2]]))
    report, mended = tmp_path / "failures.ndjson", tmp_path / "mended.ndjson"
    chargers = ("--chargers-per-location", "1", "--ws-url", "ws://127.0.0.1:1/ocpp", "--identity-prefix", "IMP-")

    await run(file, "--report", str(report), *chargers)
    (failure,) = rows_of(report)
    outcome = await run(written(mended, [{**failure, "city": good[1]["city"]}]), *chargers)

    _, body = await network.tenant.rest("GET", "/ocpp/chargers")
    assert failure["_import"] == {"line": 1, "number": 2, "code": "unreadable", "reason": "has no city"}
    assert outcome.status == 0, outcome
    assert {each["identity"] for each in body["data"]} == {"IMP-1-1", "IMP-2-1", "IMP-3-1"}


async def test_equal_elements_on_one_line_are_as_many_sites(run: Command, network: Network, tmp_path: Path) -> None:
    file = tmp_path / "sites.json"
    file.write_text(json.dumps(rows_of(SITES)[:1] * 3))

    outcome = await run(file, "--batch-size", "1")

    assert outcome.status == 0, outcome
    assert await totals(network) == (3, 0, 0)


async def test_items_that_fail_in_the_job_are_reported_by_line(run: Command, network: Network) -> None:
    options = ("--chargers-per-location", "1", "--first", "1", "--ws-url", "ws://127.0.0.1:1/x", "--model", "no-such")

    outcome = await run(SITES, *options)

    assert outcome.status == 1
    assert await totals(network) == (49, 0, 0)
    assert "unknown_model" in outcome.out


async def test_wrong_types_and_values_are_reported_and_their_neighbours_created(
    run: Command, network: Network, tmp_path: Path
) -> None:
    good = rows_of(SITES)[0]
    wrong: list[dict[str, Any]] = [
        {"name": 5}, {"name": "x" * 300}, {"country": "FRA"}, {"coordinates": {"latitude": 91, "longitude": 0}},
        {"coordinates": {"latitude": "north", "longitude": 0}}, {"coordinates": []}, {"parking_type": "NOWHERE"},
        {"timezone": "Mars/Olympus"}, {"public": "yes"}, {"name": "a\0b"}, {"address": None},
    ]  # fmt: skip
    file = written(tmp_path / "wrong.ndjson", [good, *({**good, **change} for change in wrong), good])

    outcome = await run(file, "--report", str(tmp_path / "report"))

    assert outcome.status == 1
    assert await totals(network) == (2, 0, 0)
    assert [row["_import"]["line"] for row in rows_of(tmp_path / "report")] == list(range(2, 2 + len(wrong)))


async def test_lost_connections_are_taken_up_again(run: Command, network: Network) -> None:
    async with running_proxy(network.tenant.gateway.url) as proxy:
        importing = asyncio.create_task(run(SITES, "--batch-size", "5", url=proxy.url))
        cuts = 0
        while not importing.done():
            await asyncio.wait({importing}, timeout=0.2)
            proxy.cut()
            cuts += 1
            if cuts > 3:
                await importing

    outcome = importing.result()
    assert outcome.status == 0, outcome
    assert await totals(network) == (50, 0, 0)


async def test_a_gateway_that_is_away_is_said_and_tried_again(run: Command, network: Network) -> None:
    async with running_proxy(network.tenant.gateway.url) as proxy:
        proxy.refusals = 1

        outcome = await run(SITES, url=proxy.url)

    assert outcome.status == 0, outcome
    assert [line for line in outcome.out.splitlines() if "trying again" in line], outcome.out


@pytest.mark.parametrize("cpo", ["999999", "x", ""])
async def test_an_unknown_network_stops_the_import(run: Command, cpo: str) -> None:
    outcome = await run(SITES, "--cpo", cpo)

    assert outcome.status == 1
    assert "no network" in outcome.err


async def test_another_tenants_network_is_unknown(run: Command, stranger: Tenant) -> None:
    outcome = await run(SITES, token=stranger.token())

    assert outcome.status == 1
    assert "no network" in outcome.err


async def test_a_refused_token_stops_the_import(run: Command) -> None:
    outcome = await run(SITES, token="not.a.token")

    assert outcome.status == 1
    assert "50 sites are open" in outcome.err


async def test_misuse_has_a_status_of_its_own(run: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("name\n")

    assert (await run(tmp_path / "none.ndjson")).status == 2
    assert (await run(tmp_path / "bad.csv")).status == 2
    assert "CHARGEYARD_TOKEN" in (await run(SITES, token="")).err
    urls = [["--url", url] for url in ("gateway.example", "ftp://gateway.example", "http://", "http://[")]
    for option in (["--batch-size", "0"], ["--first", "-1"], ["--ocpp-version", "OCPP9"], *urls):
        with pytest.raises(SystemExit) as stopped:
            await run(SITES, *option)
        assert stopped.value.code == 2


async def test_a_report_that_can_not_be_written_is_said_before_anything_is_created(
    run: Command, network: Network, tmp_path: Path
) -> None:
    outcome = await run(SITES, "--report", str(tmp_path / "nowhere" / "report"))

    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "nowhere" in outcome.err
    assert await totals(network) == (0, 0, 0)


@ONE_DATABASE
async def test_the_command_is_a_program(network: Network, tmp_path: Path) -> None:
    tenant = network.tenant
    file = written(tmp_path / "one.ndjson", rows_of(SITES)[:1])
    command = [sys.executable, "app.py", "import", str(file), "--cpo", str(network.id), "--url", tenant.gateway.url]

    process = await asyncio.create_subprocess_exec(
        *command,
        env={"CHARGEYARD_TOKEN": tenant.token(), "PATH": ""},
        cwd=Path(__file__).parent.parent,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()

    assert process.returncode == 0
    assert "1 of 1 sites, 0 failed" in out.decode()
