"""Whatever happens to an account, no log line and no problem contains an address, name, password or token."""

import re
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.polling import eventually
from tests.support.process_family import family_of
from tests.support.smtp_server import SmtpServer
from tests.support.system import NO_CERTIFICATES, PASSWORD, System

ADDRESS, NAME, AGENT = "canary-address@example.com", "Lovelace", "canary-agent"
NEW_ADDRESS, OTHER_PASSWORD = "canary-other@example.com", "canary battery staple"
CANARIES = (ADDRESS, NAME, AGENT, NEW_ADDRESS, PASSWORD, OTHER_PASSWORD, "canary")
# Links in emails have it.
TOKEN = re.compile(r"token=([\w-]+)")


class Visitor:
    """Calls the API, and remembers all problems and all tokens."""

    def __init__(self, system: System) -> None:
        self._url = f"http://127.0.0.1:{system.port}/api/v1"
        self.problems: list[str] = []
        self.statuses: set[int] = set()
        self.tokens: set[str] = set()

    def call(self, method: str, path: str, token: str = "", /, **body: str) -> Any:
        answer = httpx.request(
            method,
            f"{self._url}{path}",
            json=body or None,
            headers={"User-Agent": AGENT, **({"Authorization": f"Bearer {token}"} if token else {})},
            timeout=20,
            verify=NO_CERTIFICATES,
        )
        self.statuses.add(answer.status_code)
        if answer.is_error:
            # `instance` is the path that the client asked for.
            problem = {**answer.json(), "instance": None}
            self.problems.append(f"{answer.headers}{problem}")
        data = answer.json().get("data")
        if isinstance(data, dict):
            self.tokens |= {data[name] for name in ("token", "refresh_token") if name in data}
        return data


def mailed(smtp_server: SmtpServer, number: int) -> list[str]:
    """The tokens of all emails, as soon as there are at least `number`."""
    eventually(lambda: len(smtp_server.messages()) >= number, within=30)
    bodies = [part.get_content() for mail in smtp_server.messages() for part in mail.iter_parts()]
    return [token for body in bodies for token in TOKEN.findall(body)]


def live(visitor: Visitor, smtp_server: SmtpServer) -> None:
    """Sign up, fail, log in, refresh, reset, verify, change everything, and make mistakes."""
    call = visitor.call
    call("POST", "/auth/register", email=ADDRESS, name=f"Ada {NAME}", password=PASSWORD)
    call("POST", "/auth/register", email=ADDRESS, name=f"Ada {NAME}", password=PASSWORD)
    call("POST", "/auth/register", email=f"{ADDRESS}@", name=f"{NAME}\0", password="canary")
    call("POST", "/auth/login", email=ADDRESS, password=OTHER_PASSWORD)
    call("POST", "/auth/login", email=NEW_ADDRESS, password=OTHER_PASSWORD)
    session = call("POST", "/auth/login", email=ADDRESS, password=PASSWORD)
    first = call("POST", "/auth/refresh", refresh_token=session["refresh_token"])
    call("POST", "/auth/refresh", refresh_token=first["refresh_token"])
    call("POST", "/auth/refresh", refresh_token=session["refresh_token"])
    call("GET", "/users/me", f"{first['token']}canary")
    session = call("POST", "/auth/login", email=ADDRESS, password=PASSWORD)
    token = session["token"]
    call("GET", "/admin/users", token)
    call("GET", f"/admin/users/{ADDRESS}", token)
    call("GET", f"/{ADDRESS}?q={NAME}", token)
    call("PATCH", "/users/me", token, name=f"Augusta {NAME}")
    call("POST", "/auth/verify-email", token=mailed(smtp_server, 1)[0])
    call("POST", "/auth/verify-email", token=f"{ADDRESS}")
    call("POST", "/users/me/email", token, email=NEW_ADDRESS, password=PASSWORD)
    call("POST", "/auth/confirm-email", token=mailed(smtp_server, 2)[-1])
    call("POST", "/auth/forgot-password", email=NEW_ADDRESS)
    call("POST", "/auth/reset-password", token=mailed(smtp_server, 4)[-1], password=OTHER_PASSWORD)
    mailed(smtp_server, 5)
    smtp_server.rcpt_reply = f"550 {NEW_ADDRESS} unknown"
    call("POST", "/auth/forgot-password", email=NEW_ADDRESS)


def break_sessions(system: System) -> None:
    """Postgres refuses the next session, as if the program had a defect. Its error contains the row."""
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        connection.execute("ALTER TABLE sessions ADD CHECK (user_agent IS NULL) NOT VALID")


def command_lines(*pids: int) -> str:
    family = [member for pid in pids for member in family_of(pid)]
    return "\n".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in family)


@pytest.mark.parametrize("level", ["INFO", pytest.param("DEBUG", marks=pytest.mark.long)])
def test_neither_logs_nor_problems_name_a_user_or_a_secret(
    system: System, smtp_server: SmtpServer, level: str
) -> None:
    system.env |= {"LOG_LEVEL": level, "LOG_TASKS": "true"}
    processes = [system.start_server(), system.start_worker()]
    visitor = Visitor(system)

    live(visitor, smtp_server)
    eventually(lambda: "archived" in system.log("cmd.worker"), within=30)
    arguments = command_lines(*(process.pid for process in processes))
    break_sessions(system)
    visitor.call("POST", "/auth/login", email=NEW_ADDRESS, password=OTHER_PASSWORD)
    system.env["DATABASE_URL"] = "postgresql://nobody:canary@127.0.0.1:1/nothing"
    refused = system.run("cmd.admin", "db", "migrate")

    assert visitor.statuses >= {200, 201, 202, 401, 403, 404, 409, 422, 500}
    assert len(mailed(smtp_server, 5)) >= 3
    places = {
        "log of the server": system.log("cmd.server"),
        "log of the worker": system.log("cmd.worker"),
        "problems": "\n".join(visitor.problems),
        "command lines": arguments,
        "command line tool": refused.stdout + refused.stderr,
    }
    tokens = {*visitor.tokens, *mailed(smtp_server, 5)}
    found = {
        (place, canary)
        for place, text in places.items()
        for canary in (*CANARIES, *tokens)
        if canary.casefold() in text.casefold()
    }
    assert found == set()
    for event in ("auth.login_failed", "auth.refresh_reused", "auth.denied", "http.unexpected_error"):
        assert event in places["log of the server"]
