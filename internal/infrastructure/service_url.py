"""URLs of services as they are configured, read without the services' clients."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

SENTINEL_PORT = 26379
_SENTINEL_URL = re.compile(
    r"(?P<scheme>rediss?)\+sentinel://((?P<login>[^/?#]*)@)?(?P<hosts>[^/?#@]+)"
    r"/(?P<master>[^/?#]+)(/(?P<db>[0-9]*))?(\?(?P<query>[^#]*))?"
)
_SENTINEL_LOGIN = {"sentinel_username": "username", "sentinel_password": "password"}


def parse_url(value: str) -> SplitResult:
    """Raise ValueError where host or port are none; its text shows no part of what may be a password."""
    try:
        parts = urlsplit(value)
        (parts.hostname or "").encode("idna")  # as whoever asks for its address does
        if parts.port != 0:  # to ask for it is what finds a port that is no number
            return parts
    except ValueError:
        pass  # its text shows the value
    raise ValueError("has no valid host or port; special characters in a password are percent-encoded")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelUrl:
    """Where to ask which Redis is the master, and how to log in there and here."""

    sentinels: tuple[tuple[str, int], ...]
    sentinel_login: dict[str, str] = field(repr=False)
    master: str
    redis_url: str = field(repr=False)  # of a Redis, whose address stands for that of the master

    @staticmethod
    def is_one(url: str) -> bool:
        return url.partition(":")[0].endswith("+sentinel")

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read redis[s]+sentinel://[user:password@]host[:port],.../master[/db][?parameter=...].

        Raises:
            ValueError: it is none; the text shows nothing of it.
        """
        if not (match := _SENTINEL_URL.fullmatch(url)):
            raise ValueError("must be redis+sentinel://[user:password@]host:port,host:port/master-name[/db]")
        parameters = parse_qsl(match["query"] or "", keep_blank_values=True)
        login = f"{match['login']}@" if match["login"] else ""
        query = urlencode([(name, value) for name, value in parameters if name not in _SENTINEL_LOGIN])
        return cls(
            sentinels=tuple(_host_and_port(host) for host in match["hosts"].split(",")),
            sentinel_login={
                _SENTINEL_LOGIN[name]: text for name, text in parameters if name in _SENTINEL_LOGIN
            },
            master=unquote(match["master"]),
            redis_url=f"{match['scheme']}://{login}master/{match['db'] or 0}?{query}",
        )


def _host_and_port(text: str) -> tuple[str, int]:
    parts = parse_url(f"redis://{text}")
    if not parts.hostname:
        raise ValueError("names a sentinel without its host")
    return parts.hostname, parts.port or SENTINEL_PORT
