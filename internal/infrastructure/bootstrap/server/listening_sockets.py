"""The sockets of the server, with one clear error line if they cannot be opened."""

import errno
import socket

import structlog

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.server.server_plan import ServerPlan

log = structlog.get_logger(__name__)


def resolve(host: str, *, setting: str) -> str:
    """Resolve `host` to the address that Granian needs. Raises NotReady."""
    try:
        address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, UnicodeError) as error:  # UnicodeError: not a host name, such as "a..b"
        raise NotReady(f"{setting}: {host!r} has no address ({error})") from error
    return str(address)


def require_free_port(host: str, port: int, *, setting: str) -> None:
    """Raise NotReady if the port is in use. Granian would silently share it."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _unusable(host, port, error, setting=setting) from error


def private_socket(plan: ServerPlan) -> socket.socket:
    """Listen on the port for health checks. Raise NotReady if it is in use.

    Outside production, a second server takes any free port, unless PRIVATE_PORT is set.
    """
    host, port = resolve(plan.private_host, setting="PRIVATE_HOST"), plan.private_port
    try:
        if port == plan.port:
            raise OSError(errno.EADDRINUSE, f"it is {plan.setting_prefix}_PORT")  # noqa: TRY301 - handled like any port in use
        return socket.create_server((host, port), family=_family(host))
    except OSError as error:
        if plan.is_private_port_fixed:
            raise _unusable(host, port, error, setting="PRIVATE_PORT") from error
    listening = socket.create_server((host, 0), family=_family(host))
    log.warning("server.private_port_taken", port=port, instead=listening.getsockname()[1])
    return listening


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _unusable(host: str, port: int, error: OSError, *, setting: str) -> NotReady:
    return NotReady(
        f"cannot listen on {host} port {port} ({error.strerror}): "
        f"stop the program that uses it, or set {setting} to another port"
    )
