"""For tests of what chargers and their CSMS say to each other, where the database makes no difference."""

from __future__ import annotations

import pytest

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
