"""Slugs of sites (REST contract §1.4)."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID, uuid4

MAX_STEM = 60


def slug_of(name: str, salt: UUID | None = None) -> str:
    """The slug of a site of this name: its letters and digits, then 8 hex digits of `salt`, random when None."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    stem = re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")[:MAX_STEM].rstrip("-")
    return f"{stem or 'location'}-{(salt or uuid4()).hex[:8]}"
