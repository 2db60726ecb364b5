"""Authorize (OCPP 2.0.1 C01): may this token charge?"""

from __future__ import annotations

from fleet.dialect import Request, TokenInfo
from fleet.frames import Payload


def request(token: str, token_type: str) -> Request:
    return "Authorize", {"idToken": id_token(token, token_type)}


def id_token(token: str, token_type: str) -> Payload:
    return {"idToken": token[:36], "type": token_type}


def token_info(answer: Payload) -> TokenInfo | None:
    """The verdict in an answer of Authorize or TransactionEvent."""
    info = answer.get("idTokenInfo")
    if info is None:
        return None
    group = info.get("groupIdToken", {}).get("idToken")
    return TokenInfo(info["status"], info.get("cacheExpiryDateTime"), group)
