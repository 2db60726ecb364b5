"""Reads, requests a second: ours with and without plans, the peers over GraphQL, and the limit of what can be sent.

    python -m bench.graphql [--sqlite] [--rounds 3] [--seconds 2] [--only ours,limit] [--database-url URL]

All servers stand at once, one process each, on the same rows (5,000 sites, 20,000 chargers, 40,000 EVSEs), and are
asked in turns over 16 connections. A table in Markdown gives medians, and those of the ratios to the limit in the same
round. Ours is `app.py serve` with its token, tenant and limits; the peers check neither. On SQLite only ours and the
limit are compared. Without Node.js the peers from npm are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import psycopg
from sqlalchemy import text

from bench.bare_csms import free_port
from bench.data import ORGANIZATION, seed
from bench.load import CONNECTIONS, rate
from bench.queries import PAGED, POSTGRAPHILE, QUERIES, REST, Query
from resolvers.auth import Role, make_token
from settings import Settings
from storage.database import Database
from storage.migrate import migrate
from tests.support.gateway import SECRET
from tests.support.nodes import Node, nodes
from tests.support.postgres import own_server
from tests.support.processes import Executed

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "bench" / "peers"
PATIENCE_S = 60
SITES, CHARGERS, EVSES = 5_000, 4, 2
POSTGRES_CONNECTIONS = 300
IDS = 200  # different sites that Q1 asks for

OURS, PLAIN, LIMIT = "ours", "plain", "limit"
TITLES: Mapping[str, str] = {
    "usual": "Strawberry with ORM rows and DataLoader",
    "apollo": "Apollo Server 5",
    "mercurius": "Mercurius with jit",
    "yoga": "Yoga with jit",
    "postgraphile": "PostGraphile 5",
    PLAIN: "Chargeyard without plans",
    OURS: "**Chargeyard**",
    LIMIT: "the limit: aiohttp and one hand-written statement",
}
FROM_NPM = {"apollo", "mercurius", "yoga", "postgraphile"}
WITHOUT_GRAPHQL_PATH = {"apollo"}

Rates = dict[str, list[float]]


@dataclass
class Server:
    """One server under test."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def where(self, query: str) -> str:
        if self.name == LIMIT:
            return f"{self.url}/{query}"
        return self.url if self.name in WITHOUT_GRAPHQL_PATH else f"{self.url}/graphql"

    def bodies(self, name: str, query: Query, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The requests of one query, in this server's words."""
        every = query.variables(ids)
        if self.name != "postgraphile":
            return [{"query": query.document, "variables": variables} for variables in every]
        more = {} if query.first is None else {"organization": ORGANIZATION}
        return [{"query": POSTGRAPHILE[name], "variables": {**variables, **more}} for variables in every]

    def ask(self, name: str, query: Query, ids: Sequence[str]) -> Any:
        """The data that the server answers to the first of the requests."""
        body = json.dumps(self.bodies(name, query, ids)[0]).encode()
        request = Request(self.where(name), body, {**self.headers, "Content-Type": "application/json"})
        with urlopen(request) as response:
            return json.load(response)["data"]

    def rate(self, name: str, query: Query, ids: Sequence[str], seconds: float) -> float:
        return rate(self.where(name), self.headers, self.bodies(name, query, ids), seconds)

    def rest_rate(self, path: str, seconds: float) -> float:
        return rate(f"{self.url}{path}", self.headers, [None], seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, ours and the limit only")
    parser.add_argument("--database-url", help="an empty PostgreSQL database (default: one of a server of our own)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each query on each server in each round")
    parser.add_argument("--only", help=f"servers to compare, of {', '.join(TITLES)}")
    options = parser.parse_args()
    wanted = set(options.only.split(",")) if options.only else set(TITLES)
    if options.sqlite:
        wanted &= {OURS, LIMIT}
    with TemporaryDirectory() as name, _database(options, Path(name)) as url:
        ids = seeded(url, SITES, CHARGERS, EVSES)
        with _servers(wanted, url, Path(name)) as servers:
            _compare(servers, ids)
            rates = _measure(servers, ids, options.rounds, options.seconds)
    _print(rates, "SQLite" if options.sqlite else "PostgreSQL")


def _compare(servers: Sequence[Server], ids: Sequence[str]) -> None:
    """Raises where two servers answer differently."""
    for name, query in QUERIES.items():
        answers = {server.name: server.ask(name, query, ids) for server in servers}
        expected = next(iter(answers.values()))
        for other, answer in answers.items():
            if answer != expected:
                raise SystemExit(f"{name}: {other} answers {str(answer)[:300]}\nand not {str(expected)[:300]}")


def _measure(servers: Sequence[Server], ids: Sequence[str], rounds: int, seconds: float) -> dict[str, Rates]:
    rates: dict[str, Rates] = defaultdict(lambda: defaultdict(list))
    for number in range(rounds + 1):
        for server, name in _turns(servers):
            found = _rate(server, name, ids, seconds)
            if number:  # the first round is for compilers and caches to warm up
                rates[server.name][name].append(found)
        print(f"round {number} of {rounds} is over", file=sys.stderr)
    return rates


def _turns(servers: Sequence[Server]) -> Iterator[tuple[Server, str]]:
    """What is asked for in a round, by whom; what is compared in short succession."""
    for name in QUERIES:
        for server in servers:
            yield server, name
            if server.name == OURS and f"{name} paged" in PAGED:
                yield server, f"{name} paged"
    for name in REST:
        for server in servers:
            if server.name in {OURS, PLAIN}:
                yield server, name


def _rate(server: Server, name: str, ids: Sequence[str], seconds: float) -> float:
    if name in REST:
        return server.rest_rate(REST[name].format(id=ids[0]), seconds)
    return server.rate(name, {**QUERIES, **PAGED}[name], ids, seconds)


def _print(rates: Mapping[str, Rates], database: str) -> None:
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {database}"
    print(f"{time.strftime('%Y-%m-%d')}, {machine}, {CONNECTIONS} connections\n")
    print(f"| requests/s (× limit) | {' | '.join(f'{name} {query.title}' for name, query in QUERIES.items())} |")
    print("|---" * (len(QUERIES) + 1) + "|")
    for server, title in TITLES.items():
        if server in rates:
            cells = [_cell(rates[server][name], rates.get(LIMIT, {}).get(name)) for name in QUERIES]
            print(f"| {title} | {' | '.join(cells)} |")
    for name in PAGED if OURS in rates else ():
        plain = name.partition(" ")[0]
        print(f"\n{PAGED[name].title}: {_cell(rates[OURS][name], rates[OURS][plain])} × without pageInfo")
    for name in REST if OURS in rates else ():
        without = f", {median(rates[PLAIN][name]):,.0f}/s without plans" if PLAIN in rates else ""
        print(f"\nREST, {name}: {median(rates[OURS][name]):,.0f}/s{without}")


def _cell(rates: Sequence[float], limit: Sequence[float] | None) -> str:
    shown = f"{median(rates):,.0f}"
    if limit is None:
        return shown
    return f"{shown} ({median(rate / most for rate, most in zip(rates, limit, strict=True)):.2f})"


# ---- the database and the servers


@contextmanager
def _database(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    if options.sqlite:
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    with nullcontext(options.database_url) if options.database_url else _postgres() as url:
        yield url


@contextmanager
def _postgres() -> Iterator[str]:
    """A server of our own, with room for the connections of all at once."""
    with own_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET max_connections = {POSTGRES_CONNECTIONS}")
        server.stop()
        server.start()
        yield server.get_uri()


def seeded(url: str, sites: int, chargers: int, evses: int) -> list[str]:
    """Writes the rows; gives the ids of some sites."""
    database = Database(Settings(database_url=url).resolved_database_url)
    migrate(database)
    seed(database, locations=sites, chargers=chargers, evses=evses)
    with database.engine.begin() as connection:
        found = connection.execute(text(f"SELECT id FROM locations ORDER BY id LIMIT {IDS}"))
        ids = [str(row[0]) for row in found]
    database.engine.dispose()
    if not url.startswith("sqlite"):
        with psycopg.connect(url, autocommit=True) as tidy:
            tidy.execute("VACUUM ANALYZE")
    return ids


@contextmanager
def _servers(wanted: set[str], url: str, folder: Path) -> Iterator[list[Server]]:
    """The servers that were asked for and can run here, until the block ends."""
    servers: list[Server] = []
    with ExitStack() as running, nodes() as started:
        for name in _available(wanted):
            if name in {OURS, PLAIN}:
                (own := folder / name).mkdir()
                node = Node(own, url, begin=Executed, CHARGEYARD_PLANNER=str(name == OURS), CHARGEYARD_FLEET="true")
                started.append(node)
                server = Server(name, node.start().url, bearer())
            else:
                server = Server(name, running.enter_context(_process(name, url)))
            servers.append(server)
        yield servers


def bearer() -> dict[str, str]:
    """The header of a user of the organization whose rows are asked for."""
    token = make_token(SECRET, subject="bench", role=Role.USER, organization_id=ORGANIZATION, lifetime_s=24 * 3600)
    return {"Authorization": f"Bearer {token}"}


def _available(wanted: set[str]) -> list[str]:
    chosen = [name for name in TITLES if name in wanted]
    if not FROM_NPM & wanted:
        return chosen
    if shutil.which("npm") is None:
        print("Node.js with npm is not installed: the peers from npm are left out", file=sys.stderr)
        return [name for name in chosen if name not in FROM_NPM]
    if not (PEERS / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=PEERS, check=True)
    return chosen


@contextmanager
def _process(name: str, url: str) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    port = str(free_port())
    modules = {"usual": "bench.as_usual", LIMIT: "bench.limit"}
    if name in FROM_NPM:
        command = ["node", str(PEERS / "server.mjs"), name, url, ORGANIZATION, port]
    else:
        command = [sys.executable, "-m", modules[name], url, port]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "NODE_ENV": "production"})
    try:
        _wait_for(int(port), process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"a server did not start: {process.args!r}")


if __name__ == "__main__":
    main()
