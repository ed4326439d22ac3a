"""The requests of each measure, as bytes."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from uuid import uuid4

from benchmarks.http.accounts import PASSWORD, Account

Requests = Iterator[bytes]


def own_user(accounts: Sequence[Account], tokens: Mapping[Account, str]) -> Requests:
    """Each user in turn. The accounts are in random order."""
    return itertools.cycle([_get("/api/v1/users/me", tokens[each]) for each in accounts])


def list_of_users(accounts: Sequence[Account], tokens: Mapping[Account, str]) -> Requests:
    """The newest 20 users, as the administrator sees them."""
    return itertools.repeat(_get("/api/v1/admin/users?limit=20", tokens[accounts[0]]))


def log_ins(accounts: Sequence[Account]) -> Requests:
    for account in itertools.cycle(accounts):
        yield _post("/api/v1/auth/login", email=account.email, password=PASSWORD)


def sign_ups() -> Requests:
    while True:
        email = f"{uuid4().hex}@example.com"
        yield _post("/api/v1/auth/register", email=email, name="Ada Lovelace", password=PASSWORD)


def _get(path: str, token: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
    return f"{head}User-Agent: benchmark\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _post(path: str, **body: str) -> bytes:
    data = json.dumps(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: benchmark\r\nContent-Length: {len(data)}\r\n"
    )
    return f"{head}Content-Type: application/json\r\n\r\n{data}".encode()
