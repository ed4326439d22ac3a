import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from internal.infrastructure.telemetry.network_errors import network_reason
from internal.ports.unavailable import Unavailable

ANSWERS_WITHIN = 5  # seconds


def server_health(host: str, port: int, path: str) -> tuple[bool, Mapping[str, object]]:
    """Ask the server directly, without a proxy. Return whether it is healthy, and its answer.

    Raises:
        Unavailable: the server does not answer.
    """
    connection = HTTPConnection(host, port, timeout=ANSWERS_WITHIN)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        reason = network_reason(error) or "something else answers"
        raise Unavailable(f"no server answers at {host} port {port}: {reason}") from error
    finally:
        connection.close()
    return response.status == HTTPStatus.OK, answer if isinstance(answer, dict) else {}
