"""Values that fit each field of an operation."""

from typing import Any
from uuid import uuid4

from tests.support.accounts import Account
from tests.support.doors.client import Client, LoggedIn
from tests.support.doors.operations import Operation

PASSWORD = "correct horse"


def new_email() -> str:
    return f"{uuid4().hex}@example.com"


def sign_up(client: Client, **changed: str) -> LoggedIn:
    return client.sign_up(**{"email": new_email(), "name": "Ada", "password": PASSWORD, **changed})


def samples(operation: Operation, subject: Account) -> dict[str, Any]:
    """The fields of a request about an account. Nobody has its tokens."""
    values = {
        "email": new_email(),
        "name": "Grace Hopper",
        "password": PASSWORD,
        "current_password": PASSWORD,
        "new_password": "battery staple",
        "token": "A" * 43,
        "refresh_token": "A" * 86,
        "role": "viewer",
        "user_id": str(subject.id),
        "session_id": str(subject.session_id),
    }
    return {name: values[name] for name in operation.fields}
