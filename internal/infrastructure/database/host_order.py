from collections.abc import Mapping
from typing import Any

_PER_HOST = ("host", "port", "hostaddr")


class HostOrder:
    """The order in which the hosts of a URL are tried. The host that answered last comes first.

    A silent host takes the whole connect timeout of an attempt. So the next attempt starts with the host
    after it.
    """

    def __init__(self) -> None:
        self._first = 0

    def begin(self, arguments: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the index of the first host of this attempt, and the connection arguments."""
        lists = {name: str(arguments[name]).split(",") for name in _PER_HOST if arguments.get(name)}
        hosts = max((len(values) for values in lists.values()), default=1)
        first = self._first % hosts
        self._first = first + 1
        turned = {
            name: ",".join(values[first:] + values[:first])
            for name, values in lists.items()
            if len(values) == hosts
        }
        return first, {**arguments, **turned}

    def succeed(self, first: int, *, arguments: Mapping[str, Any], host: str, port: int) -> None:
        """Remember the host that answered an attempt that started with `first`."""
        hosts = str(arguments.get("host", "")).split(",")
        ports = str(arguments.get("port", "")).split(",")
        for place, name in enumerate(hosts):
            if name == host and ports[min(place, len(ports) - 1)] in {"", str(port)}:
                self._first = (first + place) % len(hosts)
                return
        self._first = first
