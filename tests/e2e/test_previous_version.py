"""During a release, servers of the version before sessions run on the same database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import jwt
import psycopg
from pwdlib.hashers.argon2 import Argon2Hasher

from internal.infrastructure.config.production_rules import DEVELOPMENT_SECRET
from tests.support.system import System

URL = "http://localhost:8080"  # the default of APP_BASE_URL, which names the issuer
PASSWORD = "correct horse"
# The statements of the version before.
SIGN_UP = """
INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
VALUES (%(id)s, %(email)s, 'Ada', %(hash)s, now(), now())
ON CONFLICT (email) DO NOTHING RETURNING users.id
"""
READ = "SELECT id, email, name, password_hash, created_at, updated_at FROM users WHERE email = %s"
REHASH = "UPDATE users SET password_hash = 'another' WHERE id = %s AND password_hash = %s"


def previous_token(user_id: str, *, age: timedelta = timedelta(0)) -> str:
    """An access token as the version before signs it: without `sid` and without `kid`."""
    now = datetime.now(UTC) - age
    claims = {"sub": user_id, "iat": now, "exp": now + timedelta(minutes=15)}
    claims |= {"jti": uuid4().hex, "iss": URL, "aud": URL}
    return jwt.encode(claims, DEVELOPMENT_SECRET, algorithm="HS256", headers={"typ": "at+jwt"})


def sign_up_on_the_previous_version(system: System, email: str) -> str:
    user_id = str(uuid4())
    row = {
        "id": user_id,
        "email": email,
        "hash": Argon2Hasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD),
    }
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        assert connection.execute(SIGN_UP, row).fetchone() is not None
        assert connection.execute(SIGN_UP, row | {"id": str(uuid4())}).fetchone() is None
    return user_id


def me(client: httpx.Client, token: str) -> httpx.Response:
    return client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})


def log_in(client: httpx.Client, email: str) -> dict[str, str]:
    response = client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert response.status_code == 200
    tokens: dict[str, str] = response.json()["data"]
    return tokens


def test_accounts_and_tokens_of_the_previous_version_work(system: System) -> None:
    system.start_server()
    user_id = sign_up_on_the_previous_version(system, "ada@example.com")
    token = previous_token(user_id)

    with httpx.Client(base_url=f"http://127.0.0.1:{system.port}") as client:
        assert me(client, token).json()["data"]["id"] == user_id
        tokens = log_in(client, "ada@example.com")
        assert me(client, tokens["token"]).status_code == 200

        ended = client.delete(
            "/api/v1/users/me/sessions", headers={"Authorization": f"Bearer {tokens['token']}"}
        )

        assert ended.status_code == 200
        earlier = previous_token(user_id, age=timedelta(minutes=1))
        assert [me(client, each).status_code for each in (earlier, tokens["token"])] == [401, 401]


def test_the_previous_version_works_on_accounts_of_this_one(system: System) -> None:
    system.start_server()
    registered = system.sign_up("ada@example.com").json()["data"]

    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        [row] = connection.execute(READ, ["ada@example.com"]).fetchall()
        changed = connection.execute(REHASH, [row[0], row[3]]).rowcount

    assert (str(row[0]), row[1], changed) == (registered["user"]["id"], "ada@example.com", 1)
    claims = jwt.decode(
        registered["token"],
        DEVELOPMENT_SECRET,
        algorithms=["HS256"],
        issuer=URL,
        audience=URL,
        options={"require": ["sub", "iat", "exp", "jti", "iss", "aud"]},
    )
    assert claims["sub"] == registered["user"]["id"]
    assert jwt.get_unverified_header(registered["token"])["typ"] == "at+jwt"
