"""For tests of one database: of what only that one does, or of frames and refusals that come before any database."""

from __future__ import annotations

import pytest

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session")
