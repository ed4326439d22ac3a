"""Two servers on one database: what one has changed counts at the other at once."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from secrets import token_urlsafe

import httpx
import psycopg
import pytest

from internal.domain.account_token import TokenPurpose, digest_of
from internal.infrastructure.embedded.process import free_port
from tests.support.polling import eventually
from tests.support.system import NO_CERTIFICATES, PASSWORD, STARTS_WITHIN, System

pytestmark = pytest.mark.long

WITHIN = 1.0  # seconds
ME, USERS = "/users/me", "/admin/users"
NEW_PASSWORD = "battery staple"


@dataclass(frozen=True)
class Someone:
    id: str
    email: str
    token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Replicas:
    """Changes go to `first`, and `second` is asked about them."""

    def __init__(self, system: System) -> None:
        self._database_url = system.env["DATABASE_URL"]
        port = free_port()
        system.start_server()
        system.start("cmd.server", HTTP_PORT=str(port), PRIVATE_PORT=str(free_port()))
        self.first, self.second = (
            httpx.Client(base_url=f"http://127.0.0.1:{each}/api/v1", timeout=10, verify=NO_CERTIFICATES)
            for each in (system.port, port)
        )
        eventually(lambda: self.second.get("/health").status_code == 200, within=STARTS_WITHIN)

    def sign_up(self, name: str, *, role: str = "user") -> Someone:
        email = f"{name}@example.com"
        body = {"email": email, "name": "Ada Lovelace", "password": PASSWORD}
        data = self.first.post("/auth/register", json=body).json()["data"]
        self._execute("UPDATE users SET role = %s, verified_at = now() WHERE email = %s", role, email)
        return Someone(data["user"]["id"], email, data["token"], data["refresh_token"])

    def reset_token(self, someone: Someone) -> str:
        """One as an email would carry it."""
        text = token_urlsafe()
        self._execute(
            "INSERT INTO account_tokens (digest, purpose, user_id, email, expires_at)"
            " VALUES (%s, %s, %s, %s, now() + interval '1 hour')",
            *(digest_of(text), TokenPurpose.RESET_PASSWORD.value, someone.id, someone.email),
        )
        return text

    def becomes(self, status: int, path: str, someone: Someone) -> float:
        """Seconds until the second server answers with the status."""
        started = time.monotonic()
        eventually(
            lambda: self.second.get(path, headers=someone.headers).status_code == status, within=WITHIN
        )
        return time.monotonic() - started

    def _execute(self, statement: str, *values: object) -> None:
        with psycopg.connect(self._database_url) as connection:
            connection.execute(statement, values)


@pytest.fixture
def replicas(system: System) -> Iterator[Replicas]:
    site = Replicas(system)
    yield site
    site.first.close()
    site.second.close()


# Users, links and admins end sessions.
Change = Callable[[Replicas, Someone, Someone], httpx.Response]
ENDS: Mapping[str, Change] = {
    "log-out": lambda site, ada, _: site.first.post(
        "/auth/logout", json={"refresh_token": ada.refresh_token}
    ),
    "end of all sessions": lambda site, ada, _: site.first.delete(f"{ME}/sessions", headers=ada.headers),
    "reset of the password": lambda site, ada, _: site.first.post(
        "/auth/reset-password", json={"token": site.reset_token(ada), "password": NEW_PASSWORD}
    ),
    "deletion": lambda site, ada, _: site.first.request(
        "DELETE", ME, headers=ada.headers, json={"password": PASSWORD}
    ),
    "disabling": lambda site, ada, admin: site.first.post(
        f"{USERS}/{ada.id}/deactivate", headers=admin.headers
    ),
    "revocation": lambda site, ada, admin: site.first.post(
        f"{USERS}/{ada.id}/sessions/revoke", headers=admin.headers
    ),
    "deletion by an admin": lambda site, ada, admin: site.first.delete(
        f"{USERS}/{ada.id}", headers=admin.headers
    ),
}


def test_a_session_that_ends_at_one_server_has_ended_at_the_other(replicas: Replicas) -> None:
    admin = replicas.sign_up("admin", role="admin")

    for number, (name, change) in enumerate(ENDS.items()):
        ada = replicas.sign_up(f"ada{number}")
        assert replicas.second.get(ME, headers=ada.headers).status_code == 200

        assert change(replicas, ada, admin).is_success, name

        assert replicas.becomes(401, ME, ada) < WITHIN, name
        refreshed = replicas.second.post("/auth/refresh", json={"refresh_token": ada.refresh_token})
        assert refreshed.status_code == 401, name


def test_a_new_password_ends_the_other_sessions_at_the_other_server(replicas: Replicas) -> None:
    ada = replicas.sign_up("ada")
    log_in = {"email": ada.email, "password": PASSWORD}
    other = replicas.second.post("/auth/login", json=log_in).json()["data"]
    elsewhere = Someone(ada.id, ada.email, other["token"], other["refresh_token"])

    changed = replicas.first.post(
        f"{ME}/password",
        headers=ada.headers,
        json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    )

    assert changed.is_success
    assert replicas.becomes(401, ME, elsewhere) < WITHIN
    assert replicas.second.get(ME, headers=ada.headers).status_code == 200
    assert replicas.second.post("/auth/login", json=log_in).status_code == 401


def test_another_role_counts_at_the_other_server(replicas: Replicas) -> None:
    admin, ada = replicas.sign_up("admin", role="admin"), replicas.sign_up("ada")
    assert replicas.second.get(USERS, headers=ada.headers).status_code == 403

    for role, status in (("viewer", 200), ("user", 403), ("admin", 200), ("user", 403)):
        changed = replicas.first.post(f"{USERS}/{ada.id}/role", headers=admin.headers, json={"role": role})

        assert changed.is_success
        assert replicas.becomes(status, USERS, ada) < WITHIN
