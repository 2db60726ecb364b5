"""What chargers cost: memory and CPU of one, the time until a thousand have booted, frames a second of one process.

    python -m bench.fleet [--chargers 5000] [--database-url URL]

Starts a CSMS and a gateway of its own on free ports and asks the gateway over REST, as a client does. The CSMS is a
bare one, which answers without a look at the schemas, so that it is not what is measured. Prints a Markdown table.

Beside it, on the same CSMS, a simulator that is a Node.js process for each charger, as solidstudio's virtual charge
point is by its README (`WS_URL` and `CP_ID` for each start): the least that such a process runs (`one_charger.mjs`),
without its logger, its schemas and its admin server. Needs Node.js and `npm ci --prefix tests/strict_csms`.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import psutil

from bench.bare_csms import free_port
from resolvers.auth import Role, make_token
from tests.support.gateway import SECRET
from tests.support.nodes import Node, nodes
from tests.support.processes import Executed

ROOT = Path(__file__).parents[1]
NODE_MODULES = ROOT / "tests" / "strict_csms" / "node_modules"
HEARTBEAT_S = 60
FIRST = 1_000
IDLE_S = 20.0
LOAD_S = 30.0
TRANSACTION_EVERY_S = 600
FLOOD_S = 10.0
DEADLINE_S = 120.0
NODE_PROCESSES = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chargers", type=int, default=5_000, help="how many run at the end (default %(default)s)")
    parser.add_argument("--database-url", default="", help="a PostgreSQL database to use (default: a new SQLite file)")
    args = parser.parse_args()
    print("| what | figure |\n|---|---:|", flush=True)
    with _csms() as csms:
        with tempfile.TemporaryDirectory() as folder, nodes() as started:
            started.append(node := _node(Path(folder), args.database_url).start())
            asyncio.run(_measure(csms, Gateway(node), args.chargers))
        asyncio.run(_measure_node(csms))


class Gateway:
    """The process under test, and a client of it."""

    def __init__(self, node: Node) -> None:
        self.url = node.url
        self.process = psutil.Process(node.process.pid)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A client of a new organization."""
        token = make_token(SECRET, subject="bench", role=Role.USER, organization_id=str(uuid4()), lifetime_s=3600)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(self.url, headers=headers) as session:
            yield session

    @property
    def rss_mib(self) -> float:
        return self.process.memory_info().rss / 2**20

    @property
    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system


async def _measure(csms_url: str, gateway: Gateway, chargers: int) -> None:
    async with gateway.client() as client:
        location = await _location(client)
        empty = gateway.rss_mib
        started = time.monotonic()
        await _create(client, location, min(FIRST, chargers), csms_url)
        await _until_booted(csms_url, min(FIRST, chargers))
        _report(f"{min(FIRST, chargers):,} chargers booted after the request (s)", time.monotonic() - started)
        if chargers > FIRST:
            await _create(client, location, chargers - FIRST, csms_url)
            await _until_booted(csms_url, chargers)
        _report(f"{chargers:,} chargers booted after the first request (s)", time.monotonic() - started)
        await asyncio.sleep(2)
        _report(f"memory of the process with {chargers:,} connected (MiB)", gateway.rss_mib)
        _report("memory of one charger (KiB)", (gateway.rss_mib - empty) * 1024 / chargers)
        _report(f"CPU idle, heartbeat {HEARTBEAT_S} s (cores)", await _cores(gateway, asyncio.sleep(IDLE_S)))
        load = _load(client, location, chargers)
        _report("CPU with a transaction of each charger in 10 min (cores)", await _cores(gateway, load))
        _report("frames a second through the process, at its limit", await _flood(csms_url))


async def _cores(gateway: Gateway, work: Any) -> float:
    """How many cores the process used while something went on."""
    cpu, at = gateway.cpu_s, time.monotonic()
    await work
    return (gateway.cpu_s - cpu) / (time.monotonic() - at)


async def _load(client: aiohttp.ClientSession, location: str, chargers: int) -> None:
    """Starts sessions of some seconds at the rate at which each charger has one in ten minutes."""
    ids = await _some_chargers(client, location)
    pause_s = TRANSACTION_EVERY_S / chargers
    end = time.monotonic() + LOAD_S
    for id in ids:
        if time.monotonic() > end:
            return
        event = {"id_tag": "BENCH", "duration_seconds": 10}
        await _post(client, "/ocpp/commands/start-session", {"target": {"charger_id": id}, "event": event})
        await asyncio.sleep(pause_s)


async def _flood(csms_url: str) -> float:
    """Frames a second when the CSMS asks every charger again and again."""
    body = {"seconds": FLOOD_S}
    async with aiohttp.ClientSession() as client, client.post(_http(csms_url, "/flood"), json=body) as response:
        return float((await response.json())["frames_per_second"])


async def _create(client: aiohttp.ClientSession, location: str, count: int, ws_url: str) -> None:
    group = {
        "template": {
            "brand_slug": "wallbox",
            "model_slug": "wallbox-pulsar-plus",
            "connector_type": "Type2",
            "ws_url": ws_url,
            "identity_prefix": f"B{uuid4().hex[:6]}-",
        },
        "chargers_number": count,
    }
    await _post(client, f"/ocpp/locations/{location}/chargers", [group])


async def _location(client: aiohttp.ClientSession) -> str:
    coordinates = {"latitude": 52.52, "longitude": 13.4}
    site = {"name": "Bench", "address": "1", "city": "Berlin", "country": "DE", "coordinates": coordinates}
    return str((await _post(client, "/ocpp/locations", site))["id"])


async def _some_chargers(client: aiohttp.ClientSession, location: str) -> list[str]:
    pages = range(1, 11)
    ids: list[str] = []
    for page in pages:
        async with client.get(f"/ocpp/locations/{location}/chargers?limit=100&page={page}") as response:
            ids += [charger["id"] for charger in (await response.json())["data"]]
    return ids


async def _post(client: aiohttp.ClientSession, path: str, body: Any) -> Any:
    async with client.post(path, json=body) as response:
        answer = await response.json()
        if response.status >= 300:
            raise SystemExit(f"{path}: {response.status} {answer}")
        return answer


async def _until_booted(csms_url: str, count: int) -> None:
    end = time.monotonic() + DEADLINE_S
    while (booted := await _booted(csms_url)) < count:
        if time.monotonic() > end:
            raise SystemExit(f"only {booted} of {count} chargers booted in {DEADLINE_S:.0f} s")
        await asyncio.sleep(0.1)


async def _booted(csms_url: str) -> int:
    """How many chargers have booted at the CSMS so far."""
    async with aiohttp.ClientSession() as client, client.get(_http(csms_url, "/stats")) as response:
        return int((await response.json())["booted"])


def _http(csms_url: str, path: str) -> str:
    return csms_url.replace("ws://", "http://").removesuffix("/ocpp") + path


@contextmanager
def _csms() -> Iterator[str]:
    port = free_port()
    with _process([sys.executable, "-m", "bench.bare_csms", str(port), str(HEARTBEAT_S)]):
        yield f"ws://127.0.0.1:{port}/ocpp"


def _node(folder: Path, database_url: str) -> Node:
    """A gateway that runs its chargers itself, at the speed of real ones."""
    return Node(
        folder,
        database_url,
        begin=Executed,
        CHARGEYARD_FLEET="true",
        CHARGEYARD_CHARGER_SPEED="1",
        CHARGEYARD_LOG_LEVEL="WARNING",
    )


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


async def _measure_node(csms_url: str) -> None:
    """What the same chargers cost as Node.js processes, by a few of them."""
    if shutil.which("node") is None or not (NODE_MODULES / "ws").exists():
        print("| one Node.js process per charger | not measured: needs Node.js and its packages |")
        return
    before, at = await _booted(csms_url), time.monotonic()
    with ExitStack() as stack:
        processes = [stack.enter_context(_node_charger(csms_url, number)) for number in range(NODE_PROCESSES)]
        await _until_booted(csms_url, before + NODE_PROCESSES)
        _report(
            f"a Node.js process per charger: {NODE_PROCESSES} booted after the first start (s)", time.monotonic() - at
        )
        await asyncio.sleep(2)
        own = [process.memory_full_info().uss / 2**20 for process in processes]
        cpu = [sum(process.cpu_times()[:2]) for process in processes]
    _report("a Node.js process per charger: memory of one, not shared (MiB)", sum(own) / len(own))
    _report("a Node.js process per charger: CPU of one until it has booted (s)", sum(cpu) / len(cpu))


@contextmanager
def _node_charger(csms_url: str, number: int) -> Iterator[psutil.Process]:
    command = ["node", "bench/one_charger.mjs", csms_url, f"NODE-{number}", str(HEARTBEAT_S)]
    with _process(command) as process:
        yield psutil.Process(process.pid)


def _report(name: str, value: float) -> None:
    print(f"| {name} | {value:,.2f} |" if value < 100 else f"| {name} | {value:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
