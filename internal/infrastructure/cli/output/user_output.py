"""Users and their sessions for people and for scripts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from internal.domain.session import Session
from internal.domain.user import User
from internal.infrastructure import humanize
from internal.infrastructure.cli.output.json_output import time
from internal.infrastructure.cli.output.table_layout import Column

USERS = (
    Column("ID"),
    Column("EMAIL", is_text=True),
    Column("NAME", is_text=True, is_optional=True),
    Column("ROLE"),
    Column("STATE"),
    Column("CREATED", is_optional=True),
)
SESSIONS = (
    Column("ID"),
    Column("STARTED"),
    Column("USED"),
    Column("ADDRESS", is_text=True),
    Column("USER AGENT", is_text=True, is_optional=True),
)
LOG_INS = (Column("DAY"), Column("LOG-INS", is_number=True))


def state_of(user: User) -> str:
    if not user.is_active:
        return "disabled"
    return "active" if user.verified_at else "unverified"


def user_json(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "email": user.email.value,
        "name": user.name.value,
        "role": user.role.value,
        "is_active": user.is_active,
        "verified_at": time(user.verified_at),
        "disabled_at": time(user.disabled_at),
        "created_at": time(user.created_at),
        "updated_at": time(user.updated_at),
    }


def user_row(user: User, now: datetime) -> Sequence[str]:
    created = humanize.relative_time(user.created_at, now=now)
    return (str(user.id), user.email.value, user.name.value, user.role, state_of(user), created)


def user_fields(user: User, now: datetime) -> Sequence[tuple[str, str]]:
    moments = {
        "verified": user.verified_at,
        "disabled": user.disabled_at,
        "created": user.created_at,
        "updated": user.updated_at,
    }
    return [
        ("id", str(user.id)),
        ("email", user.email.value),
        ("name", user.name.value),
        ("role", user.role),
        ("state", state_of(user)),
        *((name, humanize.absolute_time(at, now=now)) for name, at in moments.items()),
    ]


def session_json(session: Session) -> dict[str, Any]:
    return {
        "id": str(session.id),
        "created_at": time(session.created_at),
        "last_used_at": time(session.last_used_at),
        "expires_at": time(session.expires_at),
        "address": session.address,
        "user_agent": session.user_agent,
    }


def session_row(session: Session, now: datetime) -> Sequence[str]:
    return (
        str(session.id),
        humanize.relative_time(session.created_at, now=now),
        humanize.relative_time(session.last_used_at, now=now),
        session.address or humanize.NOTHING,
        session.user_agent or humanize.NOTHING,
    )
