"""The command line as a user meets it: each command is a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
import psutil
import psycopg
import pytest

from commands import COMMANDS
from storage.migrate import LOCK_KEY
from tests.support.gateway import SECRET
from tests.support.postgres import fresh_database
from tests.support.processes import PATIENCE_S, ROOT, Executed, Forked, Process

NO_ROOM = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")  # as on a full disk, no file takes a byte
ACME = "b5b1f0a8-6a53-4f6e-9c51-0b8f6ad6b2f1"


@contextmanager
def serving(folder: Path, *arguments: str, **environ: str) -> Iterator[tuple[Process, str]]:
    """A gateway process and what it printed once it served; stopped by SIGTERM."""
    process = _start(folder, "serve", "--port", "0", *arguments, **environ)
    try:
        yield process, _banner(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.kill()


@dataclass
class Installation:
    """A gateway after its first start, for tests that leave it as it is."""

    folder: Path
    process: Process
    banner: str


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    with serving(folder) as (process, banner):
        yield Installation(folder, process, banner)


def test_the_first_start_on_loopback_prints_a_token_that_works(installation: Installation) -> None:
    banner = installation.banner

    viewer = _graphql(_url(banner), _token(banner), "{ viewer { role organizationId } }")["viewer"]

    assert viewer["role"] == "USER"
    assert viewer["organizationId"]
    for path in ("/graphiql", "/graphql", "/docs", "/health"):
        assert _url(banner) + path in banner


def test_behind_a_public_url_the_port_that_is_listened_on_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, CHARGEYARD_PUBLIC_URL="https://yard.example") as (process, banner):
        told = re.search(r"listens on (127\.0\.0\.1:\d+)\.", banner)
        listening = [f"{at.laddr.ip}:{at.laddr.port}" for at in psutil.Process(process.pid).net_connections("tcp")]

    assert "https://yard.example/graphiql" in banner
    assert told is not None, banner
    assert told[1] in listening


def test_the_secret_is_its_owners_alone_and_lasts(installation: Installation, tmp_path: Path) -> None:
    secret = installation.folder / "data" / "jwt-secret"
    (tmp_path / "data").mkdir()
    shutil.copy2(secret, tmp_path / "data")

    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with serving(tmp_path) as (_, banner):
        answer = _graphql(_url(banner), _token(installation.banner), "{ viewer { role } }")
        assert answer == {"viewer": {"role": "USER"}}
        assert "eyJ" not in banner


def test_another_token_is_of_the_organization_of_the_first_start_unless_a_new_one_is_wanted(
    installation: Installation,
) -> None:
    same = _run(installation.folder, "token").stdout
    new = _run(installation.folder, "token", "--new-organization").stdout

    first = _organization(_token(installation.banner))
    assert _organization(same) == first
    assert _organization(new) != first


def test_elsewhere_than_on_loopback_a_secret_is_required(tmp_path: Path) -> None:
    done = _run(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0")

    assert done.returncode == 2
    assert "CHARGEYARD_JWT_SECRET" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_secret_that_is_no_text_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jwt-secret").write_bytes(b"\xff" * 48)

    done = _run(tmp_path, "serve", "--port", "0")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("jwt-secret can't be read (it is no text)")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["", "acme"])
def test_no_token_is_made_of_an_organization_that_is_no_uuid(tmp_path: Path, text: str) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "organization"
    file.write_text(text)

    done = _run(tmp_path, "token", CHARGEYARD_JWT_SECRET=SECRET)

    assert (done.returncode, done.stdout) == (2, "")
    told = "data/organization: holds no UUID; write that of your organization into it, or delete it to have one made"
    assert done.stderr.splitlines()[-1].endswith(told)


def test_a_second_process_on_the_same_sqlite_file_is_refused(installation: Installation) -> None:
    second = _run(installation.folder, "serve", "--port", "0")
    migration = _run(installation.folder, "migrate")

    assert second.returncode == migration.returncode == 1
    assert f"in use by process {installation.process.pid}" in second.stderr
    assert "PostgreSQL" in second.stderr
    assert "Traceback" not in second.stderr + migration.stderr


def test_a_killed_process_leaves_the_file_free(tmp_path: Path) -> None:
    process = _start(tmp_path, "serve", "--port", "0")
    _banner(process)
    process.kill()

    assert _run(tmp_path, "migrate").returncode == 0


def test_a_connection_that_does_not_say_what_it_asks_for_is_closed(tmp_path: Path) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(tmp_path, CHARGEYARD_KEEP_ALIVE_S="0.2") as (_, banner):
        where = urlsplit(_url(banner))
        for said in (b"", request[:25], request + request[:25]):
            with socket.create_connection((where.hostname, where.port), PATIENCE_S) as connection:
                connection.sendall(said)
                while connection.recv(4096):
                    pass


def test_a_port_that_is_taken_is_said_in_one_line(installation: Installation, tmp_path: Path) -> None:
    port = _url(installation.banner).rpartition(":")[2]

    done = _run(tmp_path, "serve", "--port", port)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "CHARGEYARD_PORT" in done.stderr


NOBODY = "postgresql://user:hidden@127.0.0.1:1/yard"  # nothing listens there
NO_START = [
    ("serve --port 0", {"CHARGEYARD_DATA_DIR": "a-file"}, "CHARGEYARD_DATA_DIR"),
    ("serve --port 0", {"CHARGEYARD_DATABASE_URL": "sqlite:///a-file"}, "not a database"),
    ("serve --port 0", {"CHARGEYARD_DATABASE_URL": "sqlite:///a-file/yard.db"}, "a-file"),
    ("serve --port 0", {"CHARGEYARD_DATABASE_URL": "sqlite://"}, "CHARGEYARD_DATABASE_URL"),
    ("worker", {"CHARGEYARD_DATABASE_URL": NOBODY}, "CHARGEYARD_DATABASE_URL"),
    ("fleet", {"CHARGEYARD_DATABASE_URL": NOBODY}, "CHARGEYARD_DATABASE_URL"),
    ("migrate", {"CHARGEYARD_DATABASE_URL": NOBODY}, "CHARGEYARD_DATABASE_URL"),
]


@pytest.mark.parametrize(("command", "environ", "named"), NO_START)
def test_what_can_not_be_opened_at_the_start_is_said_in_one_line(
    tmp_path: Path, command: str, environ: dict[str, str], named: str
) -> None:
    (tmp_path / "a-file").write_text("no database, but long enough to be looked at as one: " + "x" * 500)

    done = _run(tmp_path, *command.split(), **{"CHARGEYARD_JWT_SECRET": "", **environ})

    assert done.returncode in {1, 2}
    assert done.stderr.count("\n") == 1, done.stderr
    assert named in done.stderr
    assert "hidden" not in done.stderr


FULL_DISK = [
    ("token", {"CHARGEYARD_JWT_SECRET": SECRET}, "data/organization can't be made"),
    ("serve --port 0", {}, "data/jwt-secret can't be made"),
    ("serve --port 0", {"CHARGEYARD_JWT_SECRET": SECRET}, "data/chargeyard.db.lock can't be written to"),
]


@pytest.mark.parametrize(("command", "environ", "told"), FULL_DISK)
def test_a_full_disk_is_said_in_one_line_and_leaves_nothing_half_written(
    tmp_path: Path, command: str, environ: dict[str, str], told: str
) -> None:
    whole = [*NO_ROOM, sys.executable, str(ROOT / "app.py"), *command.split()]
    done = subprocess.run(whole, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    left = [file for file in (tmp_path / "data").iterdir() if file.suffix != ".lock"]
    again = _run(tmp_path, "token", CHARGEYARD_JWT_SECRET=SECRET)

    assert done.returncode in {1, 2}
    assert done.stderr.count("\n") == 1, done.stderr
    assert told in done.stderr
    assert left == []
    assert again.returncode == 0, again.stderr


def test_an_interrupted_command_ends_without_a_traceback(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sites")
    process = _begin(Executed, tmp_path, "import", "sites", "--cpo", "1", "--token", "x")

    with (tmp_path / "sites").open("wb"):  # once the command has opened it too, to wait for its content
        process.send_signal(signal.SIGINT)
        status = process.wait()

    assert (status, process.err) == (130, "")


def test_a_token_can_be_made_for_an_organization(tmp_path: Path) -> None:
    done = _run(tmp_path, "token", "--organization", ACME, "--days", "2", CHARGEYARD_JWT_SECRET=SECRET)

    claims = jwt.decode(done.stdout.strip(), SECRET, algorithms=["HS256"])
    assert claims["organization_id"] == ACME
    assert claims["role"] == "user"
    assert 2 * 86400 - 60 < claims["exp"] - time.time() <= 2 * 86400


def test_an_admin_token_names_no_organization(tmp_path: Path) -> None:
    done = _run(tmp_path, "token", "--role", "admin", CHARGEYARD_JWT_SECRET=SECRET)

    claims = jwt.decode(done.stdout.strip(), SECRET, algorithms=["HS256"])
    assert claims["role"] == "admin"
    assert "organization_id" not in claims


NONSENSE = [
    ("--organization acme", "must be a UUID"),
    ("--days 0", "must be a number of days, more than 0 and at most 3650"),
    ("--days soon", "must be a number of days, more than 0 and at most 3650"),
    ("--days nan", "must be a number of days, more than 0 and at most 3650"),
    ("--role root", "invalid choice"),
    (f"--organization {ACME} --new-organization", "not allowed with"),
]


@pytest.mark.parametrize(("arguments", "told"), NONSENSE)
def test_a_token_for_nonsense_is_refused_with_what_would_do(tmp_path: Path, arguments: str, told: str) -> None:
    done = _run(tmp_path, "token", *arguments.split(), CHARGEYARD_JWT_SECRET=SECRET)

    assert done.returncode == 2
    assert told in done.stderr


def test_chargers_of_a_provider_that_there_is_not_are_refused(tmp_path: Path) -> None:
    done = _run(tmp_path, "fleet", "--provider", "none")

    assert done.returncode == 2
    assert "invalid choice: 'none'" in done.stderr


def test_help_tells_every_command(tmp_path: Path) -> None:
    process = _begin(Executed, tmp_path, "--help")

    assert process.wait() == 0
    assert [name for name in COMMANDS if not re.search(rf"^ +{name} +\w", process.out, re.MULTILINE)] == []


def test_commands_that_need_no_gateway_do_not_wait_for_one_to_be_imported() -> None:
    code = "import sys, commands; [commands.load(name) for name in sys.argv[1:]]; print('schema' in sys.modules)"
    command = [sys.executable, "-c", code, "token", "csms", "import", "scenario"]

    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)

    assert done.stdout == b"False\n"


@pytest.fixture
def postgres() -> Iterator[str]:
    with fresh_database() as url:
        yield url


def test_a_dead_worker_is_replaced_and_the_port_stays_served(tmp_path: Path, postgres: str) -> None:
    with serving(tmp_path, "--workers", "2", CHARGEYARD_DATABASE_URL=postgres) as (process, banner):
        workers = _children(process)
        workers[0].kill()

        _until(lambda: len(_children(process)) == 2 and workers[0] not in _children(process))
        answer = {"viewer": {"role": "USER"}}
        _until(lambda: _graphql(_url(banner), _token(banner), "{ viewer { role } }") == answer)
        survivors = _children(process)

    assert len(workers) == 2
    _until(lambda: not any(worker.is_running() for worker in survivors))


def test_workers_end_when_their_parent_is_killed(tmp_path: Path, postgres: str) -> None:
    process = _start(tmp_path, "serve", "--port", "0", "--workers", "2", CHARGEYARD_DATABASE_URL=postgres)
    _banner(process)
    workers = _children(process)

    process.kill()

    assert len(workers) == 2
    _until(lambda: not any(worker.is_running() for worker in workers))


def test_workers_that_are_stopped_while_they_start_end_without_a_word(tmp_path: Path, postgres: str) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(postgres, autocommit=True) as migrating:
        migrating.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        process = _start(tmp_path, "serve", "--port", "0", "--workers", "2", CHARGEYARD_DATABASE_URL=postgres)
        _until(lambda: migrating.execute(waiting).fetchone() == (2,))
        process.send_signal(signal.SIGINT)
    status = process.wait()

    assert (status, process.out) == (0, "")
    assert "Traceback" not in process.err
    assert "did not start" not in process.err


@pytest.mark.parametrize("command", ["worker", "fleet"])
def test_a_process_beside_the_gateway_says_that_it_is_there_and_ends_when_told(
    tmp_path: Path, postgres: str, command: str
) -> None:
    process = _start(tmp_path, command, CHARGEYARD_DATABASE_URL=postgres, CHARGEYARD_JWT_SECRET=SECRET)
    _until(lambda: process.out.endswith("\n"))
    process.send_signal(signal.SIGINT)
    status = process.wait()

    assert (status, process.out.startswith("Chargeyard ")) == (0, True), process.err
    assert "alembic" not in process.err


def _begin(begin: type[Forked | Executed], folder: Path, *arguments: str, **environ: str) -> Process:
    folder.mkdir(exist_ok=True)
    out, err = (folder / f"{name}-{uuid4().hex[:6]}.log" for name in ("out", "err"))
    return begin(arguments, folder, {"PATH": "/usr/bin:/bin", **environ}, out, err)


def _start(folder: Path, *arguments: str, **environ: str) -> Process:
    return _begin(Forked, folder, *arguments, **environ)


def _run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    process = _start(folder, *arguments, **environ)
    return subprocess.CompletedProcess(arguments, process.wait(), process.out, process.err)


def _banner(process: Process) -> str:
    _until(lambda: process.poll() is not None or "A token" in process.out)
    assert process.poll() is None, process.err
    return process.out


def _url(banner: str) -> str:
    return str(re.findall(r"serves on (\S+)", banner)[0])


def _token(banner: str) -> str:
    return str(re.findall(r"eyJ\S+", banner)[0])


def _organization(token: str) -> str:
    return str(jwt.decode(token.strip(), options={"verify_signature": False})["organization_id"])


def _graphql(url: str, token: str, document: str) -> Any:
    body = json.dumps({"query": document}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/graphql", body, headers), timeout=60) as response:
            return json.load(response)["data"]
    except URLError as exc:
        return exc


def _children(process: Process) -> list[psutil.Process]:
    return [child for child in psutil.Process(process.pid).children() if child.status() != psutil.STATUS_ZOMBIE]


def _until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
