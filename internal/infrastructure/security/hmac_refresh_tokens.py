import binascii
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from internal.ports.refresh_tokens import InvalidRefreshToken, RefreshToken

_ID, _SECRET, _TAG = 16, 32, 16  # bytes
_LENGTH = 86  # characters: these bytes in base64url without padding


class HmacRefreshTokens:
    """A token is the session's id, a secret and a tag, in base64url.

    The tag is an HMAC-SHA256 of the rest. It tells an old token from a guess, so that only somebody who once
    had a token of a session can end it. The secret of a successor is an HMAC of its predecessor. `keys`
    starts with the newest one. A successor is derived with the key that made its predecessor's tag, so that
    replicas agree on it while a new key is being rolled out.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def first(self, session_id: UUID) -> RefreshToken:
        return self._token(session_id, secrets.token_bytes(_SECRET))

    def successor(self, token: RefreshToken) -> RefreshToken:
        key = self._key_of(token.session_id.bytes + token.secret, _decoded(token.text)[-_TAG:])
        secret = _mac(key, b"successor", token.session_id.bytes + token.secret)
        return self._token(token.session_id, secret)

    def read(self, text: str) -> RefreshToken:
        data = _decoded(text)
        self._key_of(data[:-_TAG], data[-_TAG:])
        return RefreshToken(session_id=UUID(bytes=data[:_ID]), secret=data[_ID : _ID + _SECRET], text=text)

    def _token(self, session_id: UUID, secret: bytes) -> RefreshToken:
        data = session_id.bytes + secret
        text = urlsafe_b64encode(data + _tag(self._keys[0], data)).rstrip(b"=").decode()
        return RefreshToken(session_id=session_id, secret=secret, text=text)

    def _key_of(self, data: bytes, tag: bytes) -> bytes:
        for key in self._keys:
            if hmac.compare_digest(_tag(key, data), tag):
                return key
        raise InvalidRefreshToken


def _decoded(text: str) -> bytes:
    if len(text) != _LENGTH:
        raise InvalidRefreshToken
    try:
        data = urlsafe_b64decode(text + "==")
    except (ValueError, binascii.Error) as error:
        raise InvalidRefreshToken from error
    if len(data) != _ID + _SECRET + _TAG:
        raise InvalidRefreshToken
    return data


def _tag(key: bytes, data: bytes) -> bytes:
    return _mac(key, b"tag", data)[:_TAG]


def _mac(key: bytes, use: bytes, data: bytes) -> bytes:
    return hmac.digest(key, use + b"\0" + data, "sha256")
