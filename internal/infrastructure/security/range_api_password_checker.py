import asyncio
import re
import ssl
from collections.abc import Collection
from datetime import timedelta
from hashlib import sha1
from http import HTTPStatus

import httpx
import structlog

from internal.domain.normalization import nfc
from internal.domain.password_policy import MAX_LENGTH
from internal.infrastructure.telemetry.network_errors import network_reason
from internal.ports.password_checker import Weakness

log = structlog.get_logger(__name__)

ANSWER_WITHIN = timedelta(seconds=1)
_PREFIX = 5
# A padded answer of the largest public list has about 50 KB.
_MOST_BYTES = 1024 * 1024
_LINE = re.compile(r"(?P<suffix>[0-9A-F]{35}):(?P<count>[0-9]{1,18})")
# Padding hides from an eavesdropper how many digests there are. Compression would undo that.
_HEADERS = {"Add-Padding": "true", "Accept-Encoding": "identity"}


class _UnusableAnswer(Exception):
    """The list answered, but not with digests."""


class RangeApiPasswordChecker:
    """Asks a list of breached passwords by k-anonymity.

    The list gets the first five hexadecimal digits of the password's SHA-1 digest, and returns the rest of
    every digest that begins with them. So it learns neither the password nor its digest.

    The check never stops a sign-up: if the list fails, the password is accepted and a warning is logged.
    """

    def __init__(self, *, url: str, within: timedelta = ANSWER_WITHIN) -> None:
        self._url = url.rstrip("/")
        self._within = within
        self._authorities: ssl.SSLContext | None = None

    async def weakness_of(
        self,
        password: str,
        *,
        personal: Collection[str],  # noqa: ARG002 - the list knows only passwords
    ) -> Weakness | None:
        normalized = nfc(password, up_to=MAX_LENGTH).encode()
        digest = sha1(normalized, usedforsecurity=False).hexdigest().upper()
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                suffixes = _suffixes_in(await self._fetch(digest[:_PREFIX]))
        except (OSError, httpx.HTTPError, httpx.InvalidURL, _UnusableAnswer) as error:
            log.warning("password.breach_check_failed", reason=_reason_of(error))
            return None
        return Weakness.BREACHED if digest[_PREFIX:] in suffixes else None

    async def _fetch(self, prefix: str) -> str:
        # TCP and TLS each get half of the time: httpx leaves a connection open if its handshake is cancelled.
        limits = httpx.Timeout(None, connect=self._within.total_seconds() / 2)
        trusted = await self._trusted()
        async with (
            httpx.AsyncClient(verify=trusted, timeout=limits, headers=_HEADERS) as client,
            client.stream("GET", f"{self._url}/{prefix}") as response,
        ):
            if response.status_code != HTTPStatus.OK:
                raise _UnusableAnswer(f"the list answered with status {response.status_code}")
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise _UnusableAnswer("the answer of the list is too long")
        return body.decode("ascii", "replace")

    async def _trusted(self) -> ssl.SSLContext:
        """The certificate authorities of the system. It takes 0.1 s to read them."""
        if self._authorities is None:
            self._authorities = await asyncio.to_thread(ssl.create_default_context)
        return self._authorities


def _suffixes_in(text: str) -> set[str]:
    """The digests that the list has. Lines with a count of zero are padding."""
    lines = [_LINE.fullmatch(line) for line in text.upper().split()]
    if not all(lines):
        raise _UnusableAnswer("the answer is not a list of digests")
    return {line["suffix"] for line in lines if line and int(line["count"])}


def _reason_of(error: Exception) -> str:
    if isinstance(error, _UnusableAnswer):
        return str(error)
    return network_reason(error) or type(error).__name__
