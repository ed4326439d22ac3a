"""Access tokens for a program that ends, disables and deletes the accounts that it calls with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import uuid4

import httpx
import psycopg

from internal.domain.role import Role
from tests.support.system import NO_CERTIFICATES

# The example of the document, so that requests that ask for the password can succeed.
PASSWORD = "purple otter 7"


class TokenDesk:
    """`POST /ROLE` answers with the token of a new account that has the role."""

    def __init__(self, *, api: str, database_url: str) -> None:
        self._api = api
        self._database_url = database_url

    def token(self, role: Role) -> str:
        body = {"email": f"{uuid4().hex}@example.com", "name": "Ada", "password": PASSWORD}
        signed_up = httpx.post(f"{self._api}/auth/register", json=body, verify=NO_CERTIFICATES)
        data = signed_up.raise_for_status().json()["data"]
        with psycopg.connect(self._database_url) as connection:
            connection.execute("UPDATE users SET role = %s WHERE id = %s", (role, data["user"]["id"]))
        return str(data["token"])

    @contextmanager
    def open(self) -> Iterator[str]:
        """Serve it. The value is its URL."""
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = json.dumps({"token": desk.token(Role(self.path.strip("/")))}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
