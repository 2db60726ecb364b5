"""Authorize (OCPP 1.6 §4.1): may this token charge?"""

from __future__ import annotations

from fleet.dialect import Request, TokenInfo
from fleet.frames import Payload


def request(token: str, token_type: str) -> Request:
    return "Authorize", {"idTag": token[:20]}


def token_info(answer: Payload) -> TokenInfo | None:
    """The verdict in an answer of Authorize, StartTransaction or StopTransaction."""
    info = answer.get("idTagInfo")
    if info is None:
        return None
    return TokenInfo(info["status"], info.get("expiryDate"), info.get("parentIdTag"))
