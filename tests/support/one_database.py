"""For tests of one database: of what only that one does, or of frames, to which it makes no difference."""

from __future__ import annotations

import pytest

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session")
