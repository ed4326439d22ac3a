"""What an attacker makes of a good token."""

import json
import math
import time
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from internal.infrastructure.security.token_key import TokenKey, base64url
from tests.support.access_tokens import OTHER_KEYS, compact, encoded, parts_of, shared, signer

EVIL = "https://evil.example"


def forged(token: str, key: TokenKey) -> dict[str, str]:
    """Return tokens that nobody may accept, by what is wrong with them.

    Those with a wrong claim or header are signed with our own key: the signature is not what is wrong.
    """
    header, claims = parts_of(token)
    sign = signer(key)
    wrong_claims = {
        f"claims: {name}": compact(header, {**claims, **changed}, sign)
        for name, changed in _wrong_claims(claims).items()
    }
    wrong_headers = {
        f"header: {name}": compact({**header, **changed}, claims, sign)
        for name, changed in _wrong_headers(header).items()
    }
    return {**wrong_claims, **wrong_headers, **_wrong_keys(token, key), **_wrong_texts(token)}


def _wrong_claims(good: dict[str, Any]) -> dict[str, dict[str, Any]]:
    now = math.ceil(time.time())
    return {
        "issued in 31 s": {"iat": now + 31},
        "expired": {"exp": now - 60},
        "valid in 60 s": {"nbf": now + 60},
        **{f"no {name}": {name: None} for name in ("sub", "iat", "exp", "jti", "iss", "aud")},
        "issued before all calendars": {"iat": -(10**30)},
        "expires in words": {"exp": "tomorrow"},
        "expires never": {"exp": math.inf},
        "another issuer": {"iss": EVIL},
        "another audience": {"aud": EVIL},
        "no audience at all": {"aud": []},
        "sub is no UUID": {"sub": "1 or 1=1"},
        "sub is empty": {"sub": ""},
        "sub is a number": {"sub": 7},
        "sub is a list": {"sub": [good["sub"]]},
        "sid is no UUID": {"sid": "../../etc/passwd"},
        "sid is empty": {"sid": ""},
        "sid is a number": {"sid": 7},
        "jti is a number": {"jti": 7},
        "8 KiB": {"more": "x" * 8192},
        "32 KiB": {"more": "x" * 32_768},
    }


def _wrong_headers(good: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "no typ": {"typ": None},
        "typ of any JWT": {"typ": "JWT"},
        "typ of a refresh token": {"typ": "rt+jwt"},
        "typ is a list": {"typ": ["at+jwt"]},
        "unknown kid": {"kid": "unknown"},
        "kid is empty": {"kid": ""},
        "kid is a path": {"kid": "../../../../dev/null"},
        "kid is SQL": {"kid": "' UNION SELECT 'x"},
        "kid is a number": {"kid": 7},
        "kid is a list": {"kid": [good["kid"]]},
        "crit": {"crit": ["exp"]},
        "crit that the library understands": {"crit": ["b64"], "b64": True},
        "crit is empty": {"crit": []},
        "b64": {"b64": False},
        "jku": {"jku": f"{EVIL}/jwks.json"},
        "x5u": {"x5u": f"{EVIL}/certificate.pem"},
        "jwk": {"jwk": {"kty": "oct", "k": base64url(b"x" * 32)}},
        "zip": {"zip": "DEF"},
        "no alg": {"alg": None},
        "alg is a list": {"alg": [good["alg"]]},
        "alg of another hash": {"alg": "HS512"},
        "alg of another curve": {"alg": "ES256"},
    }


def _wrong_keys(token: str, key: TokenKey) -> dict[str, str]:
    header, claims = parts_of(token)
    other = OTHER_KEYS[key.algorithm]
    no_id = {"typ": "at+jwt", "alg": key.algorithm}
    hs256 = {**header, "alg": "HS256"}
    own_key = {"kty": "oct", "k": base64url(b"x" * 32)}
    return {
        **_public_key_as_secret(token, key),
        "another key": compact({**header, "kid": other.key_id}, claims, signer(other)),
        "another key with our kid": compact(header, claims, signer(other)),
        "another key without kid": compact(no_id, claims, signer(other)),
        "another algorithm": compact({**header, "alg": "EdDSA"}, claims, Ed25519PrivateKey.generate().sign),
        "an empty secret": compact(hs256, claims, shared(b"")),
        "the kid as the secret": compact(hs256, claims, shared(key.key_id.encode())),
        "a key that it brings along": compact({**hs256, "jwk": own_key}, claims, shared(b"x" * 32)),
    }


def _public_key_as_secret(token: str, key: TokenKey) -> dict[str, str]:
    """The attack on programs that take the algorithm from the token."""
    if key.public is None:
        return {}
    header, claims = parts_of(token)
    secrets = {
        "raw": key.verifies_with.public_bytes_raw(),
        "base64url": key.public["x"].encode(),
        "PEM": key.verifies_with.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "DER": key.verifies_with.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(dict(key.public)).encode(),
    }
    return {
        f"our public key as the secret, {form}, kid {kid}": compact(
            {**header, "alg": "HS256", "kid": kid}, claims, shared(secret)
        )
        for form, secret in secrets.items()
        for kid in (header["kid"], None)
    }


def _wrong_texts(token: str) -> dict[str, str]:
    header, claims = parts_of(token)
    first, second, signature = token.split(".")
    unsigned = {
        f"alg is {name!r}": f"{encoded({**header, 'alg': name})}.{second}."
        for name in ("none", "None", "NONE", "")
    }
    return {
        **unsigned,
        "alg is 'none', with a signature": f"{encoded({**header, 'alg': 'none'})}.{second}.{signature}",
        "another user": f"{first}.{encoded({**claims, 'sub': str(uuid4())})}.{signature}",
        "no signature": f"{first}.{second}.",
        "half a signature": token[: -len(signature) // 2],
        "a longer signature": f"{token}AAAA",
        "a padded signature": f"{token}=",
        "four parts": f"{token}.{signature}",
        "a letter that is not of the alphabet": f"{token}!",
        "a space in it": f"{first} .{second}.{signature}",
        "nonsense": "a.b.c",
        "no parts": "token",
    }
