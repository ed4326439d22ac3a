"""A list of breached passwords on localhost, as a range API serves it."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PADDING = ["0" * 35, "F" * 35]


@dataclass
class RangeApi:
    """`requests` has the path and the headers of each request. `answer` replaces the list's own answer."""

    url: str = ""
    breached: set[str] = field(default_factory=set)
    padded: set[str] = field(default_factory=set)
    status: int = 200
    answer: bytes | None = None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer_to(self, path: str) -> bytes:
        if self.answer is not None:
            return self.answer
        prefix = path.removeprefix("/range/")
        assert re.fullmatch("[0-9A-F]{5}", prefix)
        counts = [*((each, 7) for each in self.breached), *((each, 0) for each in self.padded)]
        lines = [
            f"{digest[5:]}:{count}" for each, count in counts if (digest := digest_of(each))[:5] == prefix
        ]
        return "\r\n".join([*lines, *(f"{suffix}:0" for suffix in PADDING)]).encode()


def digest_of(password: str) -> str:
    return sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@contextmanager
def range_api(*breached: str, tls: ssl.SSLContext | None = None) -> Iterator[RangeApi]:
    api = RangeApi(breached=set(breached))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.requests.append((self.path, dict(self.headers.items())))
            body = api.answer_to(self.path)
            self.send_response(api.status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", f"{api.url}/FFFFF")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing to standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        api.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/range"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield api
        server.shutdown()
        thread.join()
