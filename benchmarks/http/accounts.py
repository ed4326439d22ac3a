"""The users and sessions that both programs read, and a token of each program for every session."""

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from pwdlib.hashers.argon2 import Argon2Hasher

from internal.infrastructure.clock import SystemClock
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.security.jwt_token_issuer import JwtTokenIssuer
from internal.infrastructure.security.token_key import shared_key

PASSWORD = "correct horse battery"  # noqa: S105 - of users that live as long as the benchmark
CHEAPEST_MEMORY, CHEAPEST_TIME = 8, 1
_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Account:
    user_id: UUID
    session_id: UUID
    email: str


def store_accounts(count: int) -> Sequence[Account]:
    """Store this many users, each with a session, in random order. The first one is an administrator."""
    accounts = [Account(uuid4(), uuid4(), f"{uuid4().hex}@example.com") for _ in range(count)]
    hasher = Argon2Hasher(parallelism=1, memory_cost=CHEAPEST_MEMORY, time_cost=CHEAPEST_TIME)
    now, password_hash = datetime.now(UTC), hasher.hash(PASSWORD)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        columns = "id, email, name, password_hash, created_at, updated_at, role"
        with cursor.copy(f"COPY users ({columns}) FROM STDIN") as users:
            for number, each in enumerate(accounts):
                role = "user" if number else "admin"
                users.write_row((each.user_id, each.email, "Ada Lovelace", password_hash, now, now, role))
        columns = "id, user_id, created_at, last_used_at, expires_at, token_digest"
        with cursor.copy(f"COPY sessions ({columns}) FROM STDIN") as sessions:
            for each in accounts:
                sessions.write_row((each.session_id, each.user_id, now, now, now + _LASTS, uuid4().bytes))
        cursor.execute("ANALYZE")
    random.shuffle(rest := accounts[1:])
    return [accounts[0], *rest]


def our_token(account: Account) -> str:
    settings = Settings.model_fields
    issuer = JwtTokenIssuer(
        keys=[shared_key(settings["jwt_secret"].default)],
        issuer=settings["app_base_url"].default,
        ttl=_LASTS,
        clock=SystemClock(),
    )
    return issuer.issue(account.user_id, session_id=account.session_id)


def token_of_peer(account: Account) -> str:
    # Imported late, because it reads PEER_SECRET.
    from benchmarks.fastapi_peer.security import access_token  # noqa: PLC0415 - see above

    return access_token(account.user_id, account.session_id, lasts=_LASTS)
