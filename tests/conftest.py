"""Fixtures of the whole suite: every test that touches a database runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.models import OcppVersion
from tests.support.csms import Csms, recording_csms
from tests.support.databases import KINDS, empty_database
from tests.support.gateway import Gateway, Tenant, running_gateway
from tests.support.tools import absent

LEFT_OUT: dict[str, str] = {}  # why each test file was left out, by its name
# their tests start processes and wait: first, so that no worker is left alone with one of these files at the end
LONG = {
    "test_setup.py", "test_jobs_crash.py", "test_jobs_nodes.py", "test_fleet_processes.py", "test_fleet_ecs.py",
    "test_plan_equality.py",
}  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the longest files first, and leaves out the tests of tools that this machine does not have."""
    items.sort(key=lambda item: item.path.name not in LONG)
    reasons = {item.path.name: absent(item.path.name) for item in items}
    LEFT_OUT.update((name, reason) for name, reason in reasons.items() if reason)
    config.hook.pytest_deselected(items=[item for item in items if item.path.name in LEFT_OUT])
    items[:] = [item for item in items if item.path.name not in LEFT_OUT]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells the process that reports, where several run the tests."""
    getattr(session.config, "workeroutput", {})["left_out"] = LEFT_OUT


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    LEFT_OUT.update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out, and why."""
    for name, reason in sorted(LEFT_OUT.items()):
        terminalreporter.write_line(f"left out: {name}, because {reason}")


@pytest.fixture(scope="session", params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database of this run."""
    with empty_database(request.param, tmp_path_factory.mktemp(request.param)) as url:
        yield url


@pytest.fixture(params=KINDS)
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database that no other test sees."""
    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
async def gateway(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """One running gateway per database; tests keep apart by their tenants."""
    async with running_gateway(database_url, tmp_path_factory.mktemp("data")) as gateway:
        yield gateway


@pytest.fixture
def tenant(gateway: Gateway) -> Tenant:
    """A new organization on the gateway."""
    return gateway.tenant()


@pytest.fixture
def stranger(gateway: Gateway) -> Tenant:
    """Another organization on the same gateway."""
    return gateway.tenant()


@pytest.fixture
async def csms() -> AsyncIterator[Csms]:
    """What the test's chargers connect to."""
    async with recording_csms() as csms:
        yield csms


@pytest.fixture(params=list(OcppVersion), ids=["16", "201"])
def version(request: pytest.FixtureRequest) -> OcppVersion:
    """The OCPP version of the test's chargers: a test that asks for it runs with each."""
    version: OcppVersion = request.param
    return version
