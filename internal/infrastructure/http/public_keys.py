from collections.abc import Mapping

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.openapi import problems

# Others may keep the keys for this long. docs/operations.md waits for it before a new key signs.
_HEADERS = {"Cache-Control": "public, max-age=300"}


class PublicKey(msgspec.Struct, frozen=True):
    """An Ed25519 key as a JWK (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class PublicKeySet(msgspec.Struct, frozen=True):
    keys: tuple[PublicKey, ...]


@get(
    "/.well-known/jwks.json",
    sync_to_thread=False,
    summary="The keys that verify access tokens, if EdDSA signs them",
    tags=["auth"],
    responses=problems(404),
    opt=access(ANYONE),
)
def jwks(public_keys: NamedDependency[tuple[Mapping[str, str], ...]]) -> Response[PublicKeySet]:
    if not public_keys:
        raise NotFoundException
    return Response(PublicKeySet(tuple(PublicKey(**key) for key in public_keys)), headers=_HEADERS)
