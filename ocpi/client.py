"""Requests to a peer's API, made while it registers. A peer is a stranger: time, size and schemes are bounded."""

from __future__ import annotations

import base64
from typing import Annotated, Generic, TypeVar
from uuid import uuid4

import aiohttp
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from ocpi.errors import ClientApiUnusable, EndpointsMissing, UnsupportedVersion
from ocpi.objects import Version

TIMEOUT_S = 10  # of the whole check, so that a peer that registers is answered soon
MAX_ANSWER_BYTES = 2**20

Data = TypeVar("Data")
# no user info: it would stand against the token in the same header, and aiohttp refuses the two
PeerUrl = Annotated[str, StringConstraints(pattern=r"^https?://[!-~&&[^/?#@]]+([/?#][!-~]*)?$", max_length=255)]


class Answer(BaseModel, Generic[Data]):
    """The part of an OCPI envelope that matters here; 1xxx is success."""

    status_code: int = Field(ge=1000, lt=2000)
    data: Data


class OfferedVersion(BaseModel):
    version: str
    url: PeerUrl


class Endpoint(BaseModel):
    identifier: str
    url: PeerUrl


class VersionDetails(BaseModel):
    endpoints: list[Endpoint]


async def check_peer(url: str, token: str, version: Version) -> None:
    """Reads a peer's versions and details with the token it gave (OCPI 2.2.1 §7.1.1).

    Raises ClientApiUnusable, UnsupportedVersion or EndpointsMissing: 3001, 3002 and 3003.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, headers=_headers(token, version)) as client:
        offered = await _read(client, url, Answer[list[OfferedVersion]])
        details_url = next((each.url for each in offered.data if each.version == version), None)
        if details_url is None:
            raise UnsupportedVersion(f"Your versions endpoint does not offer OCPI {version}.")
        details = await _read(client, details_url, Answer[VersionDetails])
    if not any(endpoint.identifier == "credentials" for endpoint in details.data.endpoints):
        raise EndpointsMissing("Your version details name no credentials endpoint.")


AnswerType = TypeVar("AnswerType", bound=BaseModel)


async def _read(client: aiohttp.ClientSession, url: str, answer: type[AnswerType]) -> AnswerType:
    try:
        async with client.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise ClientApiUnusable(f"{url} answered HTTP {response.status}.")
            return answer.model_validate_json(await _body(response, url))
    except (aiohttp.ClientError, TimeoutError, UnicodeError) as exc:
        raise ClientApiUnusable(f"{url} could not be read.") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise ClientApiUnusable(f"{url} answered no such OCPI object: {where}: {first['msg']}.") from exc


async def _body(response: aiohttp.ClientResponse, url: str) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ClientApiUnusable(f"{url} answered more than {MAX_ANSWER_BYTES} bytes.")
    return bytes(body)


def _headers(token: str, version: Version) -> dict[str, str]:
    sent = token if version is Version.V2_1_1 else base64.b64encode(token.encode()).decode()
    return {
        "Authorization": f"Token {sent}",
        "X-Request-ID": str(uuid4()),
        "X-Correlation-ID": str(uuid4()),
    }
