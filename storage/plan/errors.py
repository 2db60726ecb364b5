"""Why a plan can't answer; the ordinary executor then does, so none of them ever reaches a client."""

from __future__ import annotations


class Unsupported(Exception):
    """The query asks for something that no statement of ours says, or a value that none can take."""


class Reshaped(Exception):
    """With these variables a filter has another structure than the statement was compiled for."""


class ReadFailed(Exception):
    """The statement could not be run; the ordinary executor finds out what the client is told."""
