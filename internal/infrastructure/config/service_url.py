"""Read the URLs of services without their client libraries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

POSTGRES_PORT = 5432
_POSTGRES_URL = re.compile(
    r"postgres(ql)?://((?P<login>[^/?#@]*)@)?(?P<hosts>[^/?#@]*)(/(?P<database>[^?#]*))?(\?(?P<query>[^#]*))?"
)
# SQLAlchemy's form: ?host=one:5432&host=two:5432.
_HOST_PARAMETER = re.compile(r"(?P<host>[A-Za-z0-9._-]*):(?P<port>[^:]*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
REDIS_PORT = 6379
SENTINEL_PORT = 26379
_SENTINEL_URL = re.compile(
    r"(?P<scheme>rediss?)\+sentinel://((?P<login>[^/?#]*)@)?(?P<hosts>[^/?#@]+)"
    r"/(?P<master>[^/?#]+)(/(?P<db>[0-9]*))?(\?(?P<query>[^#]*))?"
)
_SENTINEL_LOGIN = {"sentinel_username": "username", "sentinel_password": "password"}


def parse_url(value: str) -> SplitResult:
    """Raise ValueError for an invalid host or port. The text shows nothing that may be a password."""
    try:
        parts = urlsplit(value)
        (parts.hostname or "").encode("idna")  # what a name look-up does
        if parts.port != 0:  # reading it raises if the port is not a number
            return parts
    except ValueError:
        pass  # its text shows the value
    raise ValueError("has no valid host or port; special characters in a password are percent-encoded")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresUrl:
    """The address of Postgres. With several hosts, the client uses the first suitable one.

    parameters: named as in Postgres' client. Lists of hosts and ports are separated by commas.
    """

    parameters: dict[str, str] = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read postgresql://[user[:password]@][host[:port],...][/database][?parameter=...].

        Raises:
            ValueError: not such a URL. The text shows no part of it.
        """
        if not url.startswith(("postgresql:", "postgres:")):
            raise ValueError("must be a postgresql:// URL")
        if not (match := _POSTGRES_URL.fullmatch(url)):
            raise ValueError(
                "must be postgresql://user:password@host:port,host:port/database; "
                "special characters in a password are percent-encoded"
            )
        given = parse_qsl(match["query"] or "", keep_blank_values=True)
        named = [value for name, value in given if name == "host"]
        others = [(name, value) for name, value in given if name != "host"]
        if len(dict(others)) < len(others):
            raise ValueError("has a parameter twice")
        user, _, password = (match["login"] or "").partition(":")
        parts = {
            "user": unquote(user),
            "password": unquote(password),
            "dbname": unquote(match["database"] or ""),
        }
        addresses = _addresses(named) if named else _authority(match["hosts"])
        parameters = {**{name: text for name, text in parts.items() if text}, **addresses, **dict(others)}
        if any(_CONTROL.search(value) for value in parameters.values()):
            raise ValueError("has a control character")
        return cls(parameters=parameters)

    @property
    def password(self) -> str:
        return self.parameters.get("password", "")

    @property
    def address(self) -> str:
        """The hosts, ports and database, to be shown."""
        hosts = self.parameters.get("host", self.parameters.get("hostaddr", "localhost")).split(",")
        ports = self.parameters.get("port", str(POSTGRES_PORT)).split(",")
        shown = [
            host if host.startswith(("/", "@")) else join_host(host, ports[place % len(ports)])
            for place, host in enumerate(hosts)
        ]
        database = self.parameters.get("dbname", self.parameters.get("user", ""))
        return f"{','.join(shown)}/{database}"


def join_host(host: str, port: str | int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _authority(hosts: str) -> dict[str, str]:
    """The hosts before the path of a URL, and their ports. Raises ValueError."""
    if not hosts:
        return {}
    pairs = []
    for text in hosts.split(","):
        port = parse_url(f"postgresql://{text}").port
        name = text if port is None else text.rpartition(":")[0]
        # Not the hostname of the parsed URL: it is in lower case, and this may be the path of a socket.
        pairs.append((unquote(name.rstrip(":").strip("[]")), str(port or "")))
    if not all(name for name, _ in pairs):
        raise ValueError("has a host without a name")
    return _lists(pairs)


def _addresses(named: Sequence[str]) -> dict[str, str]:
    """The hosts of the parameter `host`, or directories of sockets. Raises ValueError."""
    pairs = []
    for value in ",".join(named).split(","):
        match = _HOST_PARAMETER.fullmatch(value)
        if match and not match["port"].isdecimal():
            raise ValueError("has no valid host or port")
        pairs.append((match["host"], match["port"]) if match else (value, ""))
    return _lists(pairs)


def _lists(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    hosts = {"host": ",".join(host for host, _ in pairs)}
    if not any(port for _, port in pairs):
        return hosts
    return {**hosts, "port": ",".join(port or str(POSTGRES_PORT) for _, port in pairs)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelUrl:
    """The sentinels to ask for the master, and the log-ins for sentinels and master."""

    sentinels: tuple[tuple[str, int], ...]
    sentinel_login: dict[str, str] = field(repr=False)
    master: str
    redis_url: str = field(repr=False)  # the host `master` is a placeholder for the master's address

    @staticmethod
    def is_one(url: str) -> bool:
        return url.partition(":")[0].endswith("+sentinel")

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read redis[s]+sentinel://[user:password@]host[:port],.../master[/db][?parameter=...].

        Raises:
            ValueError: not such a URL. The text shows no part of it.
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


def redis_address(url: str) -> str:
    """The host, port and database of a valid URL, to be shown. Never a password."""
    if SentinelUrl.is_one(url):
        sentinel = SentinelUrl.parse(url)
        hosts = ",".join(join_host(host, port) for host, port in sentinel.sentinels)
        return f"{sentinel.master}{urlsplit(sentinel.redis_url).path} of the sentinels {hosts}"
    parts = urlsplit(url)
    database = dict(parse_qsl(parts.query)).get("db")
    if parts.scheme == "unix":
        return f"{unquote(parts.path)}/{database or 0}"
    host = join_host(unquote(parts.hostname or "localhost"), parts.port or REDIS_PORT)
    return f"{host}/{database or parts.path.strip('/') or 0}"


def _host_and_port(text: str) -> tuple[str, int]:
    parts = parse_url(f"redis://{text}")
    if not parts.hostname:
        raise ValueError("names a sentinel without its host")
    return parts.hostname, parts.port or SENTINEL_PORT
