"""The credentials module: registration, rotation and unregistration of a peer (OCPI 2.2.1 §7, 2.1.1 §7)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from aiohttp import web
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationError

from edge import sent_body
from errors import FieldError, InvalidInput
from ocpi.client import PeerUrl, check_peer
from ocpi.envelope import Call
from ocpi.errors import BrokenBody, MethodNotAllowed
from ocpi.objects import Object, Version
from resolvers.cpos import peer_url
from resolvers.credentials import Registration, register_peer, rotate_credentials, unregister_peer

UNREGISTERED = ("GET", "POST")  # the methods before and after registration
REGISTERED = ("DELETE", "GET", "PUT")


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable")
    return text


Token = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
CountryCode = Annotated[str, StringConstraints(pattern="^[A-Za-z]{2}$", to_upper=True)]
PartyId = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9]{3}$", to_upper=True)]


class BusinessDetails(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]


class Party(BaseModel):
    """Who the peer is; 2.1.1 has one per credentials object, 2.2.1 one per role."""

    country_code: CountryCode
    party_id: PartyId
    business_details: BusinessDetails


class PartyRole(Party):
    role: Literal["CPO", "EMSP", "HUB", "NAP", "NSP", "OTHER", "SCSP"]


class Access(BaseModel):
    """How to reach the peer. Who it is may be missing, as in the payload that a network's creation answers."""

    token: Token
    url: PeerUrl


class Credentials211(Access):
    """OCPI 2.1.1 §7.2.1"""

    country_code: CountryCode = ""
    party_id: PartyId = ""
    business_details: BusinessDetails = BusinessDetails.model_construct(name="")

    def registration(self) -> Registration:
        return Registration(self.token, self.url, [self.model_dump(exclude={"token", "url"})])


class Credentials221(Access):
    """OCPI 2.2.1 §7.3.1"""

    roles: list[PartyRole] = Field(default_factory=list, min_length=1, max_length=100)

    def registration(self) -> Registration:
        return Registration(self.token, self.url, [role.model_dump() for role in self.roles])


async def get_credentials(call: Call) -> web.Response:
    """This side's credentials, with the token that the caller uses."""
    return call.answer(_credentials_object(call, call.peer.credentials.token))


async def post_credentials(call: Call) -> web.Response:
    """Registers the peer that holds Token A."""
    if call.peer.is_registered:
        raise MethodNotAllowed("This peer is registered; use PUT to change its credentials.", allowed=REGISTERED)
    registration = await _received(call)
    registered = await register_peer(call.ctx, call.peer, registration)
    return call.answer(_credentials_object(call, registered.token))


async def put_credentials(call: Call) -> web.Response:
    """Takes a registered peer's new credentials and gives it a new token."""
    _require_registered(call)
    registration = await _received(call)
    return call.answer(_credentials_object(call, await rotate_credentials(call.ctx, call.peer, registration)))


async def delete_credentials(call: Call) -> web.Response:
    """Unregisters the peer."""
    _require_registered(call)
    await unregister_peer(call.ctx, call.peer)
    return call.answer()


def _require_registered(call: Call) -> None:
    if not call.peer.is_registered:
        raise MethodNotAllowed("This peer is not registered; use POST.", allowed=UNREGISTERED)


async def _received(call: Call) -> Registration:
    """What the peer sent, after a look at its API with the token it gave."""
    registration = _parsed(await sent_body(call.request), call.version)
    await check_peer(registration.url, registration.token, call.version)
    return registration


def _parsed(body: bytes, version: Version) -> Registration:
    model = Credentials211 if version is Version.V2_1_1 else Credentials221
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise BrokenBody("The body is not JSON.") from exc
    try:
        return model.model_validate(document).registration()
    except ValidationError as exc:
        fields = [FieldError(each["loc"], each["msg"], each["type"]) for each in exc.errors()]
        told = "; ".join(f"{'.'.join(map(str, field.path)) or 'body'}: {field.message}" for field in fields[:5])
        raise InvalidInput(told, fields) from exc


def _credentials_object(call: Call, token: str) -> Object:
    cpo = call.peer.cpo
    party = {
        "country_code": cpo.country_code,
        "party_id": cpo.party_id,
        "business_details": {"name": cpo.name_prefix},
    }
    shown = {"token": token, "url": peer_url(call.ctx, cpo)}
    if call.version is Version.V2_1_1:
        return {**shown, **party}
    return {**shown, "roles": [{"role": cpo.role.upper(), **party}]}
