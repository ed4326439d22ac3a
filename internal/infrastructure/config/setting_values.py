"""The rules for single settings. Rules that combine settings are in settings.py and production_rules.py."""

import re
import zlib
from collections.abc import Callable
from email.headerregistry import Address
from email.utils import getaddresses
from itertools import pairwise
from typing import Annotated
from unicodedata import bidirectional, category
from urllib.parse import unquote

from pydantic import AfterValidator, Field

from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.infrastructure.config.origins import parse_origins
from internal.infrastructure.config.payload_keys import parse_payload_keys
from internal.infrastructure.config.private_key import parse_private_key
from internal.infrastructure.config.queue_settings import parse_limits, parse_weights
from internal.infrastructure.config.service_url import PostgresUrl, SentinelUrl, parse_url

# RFC 7518 section 3.2: an HS256 key is at least as long as the hash.
MIN_SECRET_BYTES = 32
_MAX_PORT = 65535
# A random secret of 32 characters does not compress below 24 bytes, nor do the differences between its
# characters. A repeated pattern or a sequence does.
_LEAST_DEFLATED = 20
_KEYBOARD = "1234567890-=qwertyuiop[]asdfghjkl;'zxcvbnm,./"
# One random secret in ten billion contains one of these.
_PLACEHOLDER = re.compile("change.?me|password|your.?secret", re.IGNORECASE)
_CONTROLS = {"Cc", "Zl", "Zp"}
_UNSEEN = {"Cf", "Zs", "Mn", "Me"}
_TURNS_TEXT = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_NOT_IN_URLS = re.compile(r"[\s<>\"\\^`{|}]")
# A host without characters that have a meaning in URLs.
_HOST = re.compile(r"[^\s/?#@\[\]]+|\[[0-9a-fA-F:.%]+\]")


def one_line(value: object) -> object:
    """Refuse line breaks and other control characters, and bytes that are not UTF-8."""
    found = {category(each) for each in value} if isinstance(value, str) else set()
    # os.environ has a surrogate in the place of such a byte.
    if "Cs" in found:
        raise ValueError("must be UTF-8")
    if found & _CONTROLS:
        raise ValueError("must be one line without control characters")
    return value


def is_random(secret: str) -> bool:
    """Whether a secret is long enough for HS256, and not a pattern, a sequence or a placeholder."""
    data = secret.encode()
    keys = bytes(_KEYBOARD.find(letter) % 256 for letter in secret.lower())
    return (
        len(data) >= MIN_SECRET_BYTES
        and not _PLACEHOLDER.search(secret)
        and all(_deflated(each) >= _LEAST_DEFLATED for each in (data, _steps(data), _steps(keys)))
    )


def _deflated(data: bytes) -> int:
    compressor = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    return len(compressor.compress(data) + compressor.flush())


def _steps(data: bytes) -> bytes:
    """The differences between neighbouring bytes. In a sequence they are all equal."""
    return bytes((after - before) % 256 for before, after in pairwise(data))


def _absolute(value: str) -> None:
    if not value.startswith("/"):
        raise ValueError("must be an absolute path")


def _display_name(value: str) -> None:
    if all(category(each) in _UNSEEN for each in value):
        raise ValueError("must not be blank")
    if any(bidirectional(each) in _TURNS_TEXT for each in value):
        raise ValueError("must not change the direction of text")


def read_by(parse: Callable[[str], object]) -> AfterValidator:
    """Validate with `parse` and keep the text."""

    def check(value: str) -> str:
        parse(value)
        return value

    return AfterValidator(check)


def _web_address(value: str) -> None:
    parts = parse_url(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL")
    if parts.username is not None or parts.query or parts.fragment or _NOT_IN_URLS.search(value):
        raise ValueError("must be a URL without spaces, a login, a query or a fragment")


def _host_and_port(value: str) -> None:
    host, _, port = value.rpartition(":")
    if not _HOST.fullmatch(host) or not port.isdecimal() or int(port) > _MAX_PORT:
        raise ValueError("must be host:port")
    parse_url(f"redis://{value}")


def _redis_url(value: str) -> None:
    if SentinelUrl.is_one(value):
        SentinelUrl.parse(value)
    elif parse_url(value).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must be a redis://, rediss://, unix:// or redis+sentinel:// URL")


def _mail_url(value: str) -> None:
    parts = parse_url(value)
    if "\x00" in unquote(value) or parts.query or parts.fragment:
        raise ValueError("must not have a query, a fragment or a null character")
    is_folder = parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc
    is_server = parts.scheme in {"smtp", "smtp+starttls", "smtps"} and parts.hostname
    if not is_folder and not is_server:
        raise ValueError("must be a file:///directory, smtp://, smtp+starttls:// or smtps:// URL")


def _sender(value: str) -> None:
    try:
        [(name, address)] = getaddresses([value])
        Address(display_name=name, addr_spec=EmailAddress.parse(address).value)
    except (InvalidEmailAddress, ValueError) as error:
        raise ValueError("must be user@example.com or Name <user@example.com>") from error


# No sensible installation reaches these bounds. A larger value is a typing error.
Seconds = Annotated[float, Field(ge=0.01, le=3600)]
WholeSeconds = Annotated[int, Field(ge=0, le=86_400)]
Days = Annotated[int, Field(ge=1, le=3650)]
TokenLife = Annotated[int, Field(ge=1, le=900)]  # seconds
PrivateKey = Annotated[str, read_by(parse_private_key)]
Processes = Annotated[int, Field(ge=1, le=256)]
AtOnce = Annotated[int, Field(ge=1, le=10_000)]
Directory = Annotated[str, read_by(_absolute)]
File = Annotated[str, read_by(_absolute)]
AppName = Annotated[str, Field(max_length=100), read_by(_display_name)]
Port = Annotated[int, Field(ge=1, le=_MAX_PORT)]
WebAddress = Annotated[str, read_by(_web_address)]
DatabaseUrl = Annotated[str, read_by(PostgresUrl.parse)]
HostAndPort = Annotated[str, read_by(_host_and_port)]
RedisUrl = Annotated[str, read_by(_redis_url)]
MailUrl = Annotated[str, read_by(_mail_url)]
Sender = Annotated[str, read_by(_sender)]
Origins = Annotated[str, read_by(parse_origins)]
QueueWeights = Annotated[str, read_by(parse_weights)]
QueueLimits = Annotated[str, read_by(parse_limits)]
PayloadKeys = Annotated[str, read_by(parse_payload_keys)]
