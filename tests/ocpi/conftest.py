"""The network that tests of OCPI share, in both versions."""

from __future__ import annotations

import pytest

from tests.support.gateway import Tenant
from tests.support.network import Network, add_network


@pytest.fixture(params=["2.2.1", "2.1.1"])
def version(request: pytest.FixtureRequest) -> str:
    """The OCPI version that the network speaks."""
    version: str = request.param
    return version


@pytest.fixture
async def network(tenant: Tenant, version: str) -> Network:
    return await add_network(tenant, version, party_id="ABC")
