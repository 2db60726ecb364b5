"""Which representation a client wants: content negotiation as in RFC 9110 §12.5.1, for GraphQL's media types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
HTML = "text/html"


@dataclass(frozen=True)
class Range:
    """One media range of an Accept header."""

    type: str
    quality: float
    parameters: str = ""


class Accept:
    """The media ranges of a client. Without a header it takes anything.

    Clients send the same header with every request; `of` gives what is known of it already.
    """

    @staticmethod
    @lru_cache(maxsize=256)
    def of(header: str | None) -> Accept:
        return Accept(header)

    def __init__(self, header: str | None) -> None:
        self._ranges = [_range(text) for text in (header or "*/*").split(",") if text.strip()]

    def quality(self, media_type: str) -> float:
        """How much the client likes a type: that of the most specific range that covers it, 0 for not at all."""
        covers = {media_type: 3, f"{media_type.partition('/')[0]}/*": 2, "*/*": 1}
        found = [(covers[each.type], each.quality) for each in self._ranges if each.type in covers]
        return max(found)[1] if found else 0.0

    def names(self, media_type: str, parameter: str = "") -> bool:
        """Whether the client lists just this type, with this parameter where one is given."""
        return any(each.type == media_type and each.quality and parameter in each.parameters for each in self._ranges)

    def best(self, media_types: Sequence[str]) -> str | None:
        """The type that the client likes best, the earlier of equals; None where it takes none."""
        best = max(media_types, key=self.quality)
        return best if self.quality(best) else None

    @cached_property
    def json(self) -> str | None:
        """The JSON type of an answer. Who takes anything gets plain JSON, which every client reads."""
        if not self.names(GRAPHQL_RESPONSE):
            return self.best([JSON, GRAPHQL_RESPONSE])
        return self.best([GRAPHQL_RESPONSE, JSON])

    @cached_property
    def html(self) -> bool:
        """Whether a browser asks: it names HTML and likes it best."""
        return self.names(HTML) and self.best([HTML, GRAPHQL_RESPONSE, JSON]) == HTML


def _range(text: str) -> Range:
    media_type, _, rest = text.partition(";")
    parameters = "".join(rest.split()).lower().replace('"', "")
    quality = 1.0
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return Range(media_type.strip().lower(), quality, parameters)
