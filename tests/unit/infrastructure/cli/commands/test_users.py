import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import anyio
import pytest

from internal.domain.caller import Caller
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.role import Role
from internal.domain.security_event import SecurityEvent
from internal.domain.session import Session
from internal.domain.user import User
from tests.fakes.clock import NOON
from tests.support.operator_terminal import Operator

PASSWORD = "correct horse"
DAY = timedelta(days=1)
ADMIN = ("create-admin", "root@example.com")


def add(operator: Operator, email: str = "ada@example.com", **changes: Any) -> User:
    user = User.register(
        user_id=uuid4(),
        email=EmailAddress.parse(email),
        name=DisplayName.parse("Ada"),
        password_hash="hash",
        now=NOON,
    )
    operator.installation.unit_of_work.users.by_id[user.id] = replace(user, **changes)
    return stored(operator, user)


def stored(operator: Operator, user: User) -> User:
    return operator.installation.unit_of_work.users.by_id[user.id]


def users(operator: Operator) -> list[User]:
    return list(operator.installation.unit_of_work.users.by_id.values())


def events(operator: Operator) -> list[SecurityEvent]:
    return operator.installation.unit_of_work.security_events.recorded


def log_in(operator: Operator, user: User) -> None:
    caller = Caller(address="192.0.2.7", user_agent="Firefox\x1b[2J", request_id=None)
    session = Session.begin(session_id=uuid4(), user_id=user.id, caller=caller, now=NOON)

    async def store() -> None:
        async with operator.installation.unit_of_work as uow:
            await uow.sessions.add(session, token_digest=b"digest")
            await uow.commit()

    anyio.run(store)


def test_creates_an_admin_with_the_password_at_standard_input(operator: Operator) -> None:
    created = operator.does("user", *ADMIN, "--name", "Root", answer=f"{PASSWORD}\n")

    assert (created.exit_code, created.stdout) == (0, "created the admin root@example.com\n")
    [admin] = users(operator)
    assert (admin.role, admin.name.value, admin.is_active) == (Role.ADMIN, "Root", True)
    assert admin.password_hash.endswith(PASSWORD.encode().hex())
    [event] = events(operator)
    assert (event.name, event.actor_id, event.subject_id) == ("admin.user_created", None, admin.id)
    assert event.details == {"role": "admin", "source": "cli"}


def test_asks_for_the_password_at_a_terminal(operator: Operator) -> None:
    operator.installation.is_interactive = True

    created = operator.does("user", *ADMIN, answer=f"{PASSWORD}\n{PASSWORD}\n")

    assert created.exit_code == 0
    assert PASSWORD not in created.output
    assert users(operator)[0].password_hash.endswith(PASSWORD.encode().hex())


def test_prints_a_generated_password_once(operator: Operator) -> None:
    created = operator.does("user", *ADMIN, "--generate-password")

    password = created.stdout.splitlines()[1].removeprefix("password: ")
    assert len(password) >= 20
    assert users(operator)[0].password_hash.endswith(password.encode().hex())


def test_a_script_gets_a_generated_password_and_no_other(operator: Operator) -> None:
    generated = operator.reads("user", *ADMIN, "--generate-password")
    given = operator.does("user", "create-admin", "eve@example.com", "--json", answer=f"{PASSWORD}\n")

    assert generated["password"]
    assert generated["user"]["role"] == "admin"
    assert PASSWORD not in given.stdout


@pytest.mark.parametrize(
    ("arguments", "answer", "problem"),
    [
        ((*ADMIN,), "", "There is no password at standard input. Use --generate-password."),
        ((*ADMIN,), "short\n", "password must be between 8 and 128 characters."),
        ((*ADMIN,), "password\n", "password is too common or too easy to guess."),
        (("create-admin", "root"), f"{PASSWORD}\n", "email must be a valid email address."),
        ((*ADMIN, "--name", "\u202e"), f"{PASSWORD}\n", "name must not contain control"),
    ],
)
def test_refuses_to_create_an_admin_from_invalid_input(
    operator: Operator, arguments: tuple[str, ...], answer: str, problem: str
) -> None:
    refused = operator.does("user", *arguments, answer=answer)

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert problem in refused.stderr
    assert users(operator) == []


def test_an_account_that_exists_is_promoted_instead(operator: Operator) -> None:
    add(operator, "root@example.com")

    refused = operator.does("user", *ADMIN, answer=f"{PASSWORD}\n")

    assert (refused.exit_code, refused.stderr) == (
        1,
        "cmd.admin: This email address is already registered\n",
    )


def test_no_option_takes_a_password(operator: Operator) -> None:
    refused = operator.does("user", *ADMIN, "--password", PASSWORD)

    assert refused.exit_code == 2
    assert PASSWORD not in refused.output


def test_lists_users(operator: Operator) -> None:
    add(operator)
    add(operator, "eve@example.com", role=Role.ADMIN, disabled_at=NOON)
    add(operator, "bob@example.com", verified_at=NOON)

    heading, *lines = operator.does("user", "ls", "--sort", "email").stdout.splitlines()

    assert heading.split() == ["ID", "EMAIL", "NAME", "ROLE", "STATE", "CREATED"]
    assert [line.split()[1:5] for line in lines] == [
        ["ada@example.com", "Ada", "user", "unverified"],
        ["bob@example.com", "Ada", "user", "active"],
        ["eve@example.com", "Ada", "admin", "disabled"],
    ]
    assert operator.does("user", "ls", "--role", "viewer").stdout == "There are no such users.\n"


def test_pages_and_filters_for_a_script(operator: Operator) -> None:
    for name in "abc":
        add(operator, f"{name}@example.com")

    first = operator.reads("user", "ls", "--sort", "email", "--size", "2")
    second = operator.reads("user", "ls", "--sort", "email", "--size", "2", "--cursor", first["next"])
    found = operator.reads("user", "ls", "--search", "b example", "-s", "unverified")

    assert [user["email"] for user in first["users"] + second["users"]] == [
        "a@example.com",
        "b@example.com",
        "c@example.com",
    ]
    assert second["next"] is None
    assert [user["email"] for user in found["users"]] == ["b@example.com"]


@pytest.mark.parametrize(
    "arguments", [("--cursor", "x"), ("--search", "\x07"), ("--size", "0"), ("--sort", "x"), ("--role", "x")]
)
def test_refuses_a_list_that_means_nothing(operator: Operator, arguments: tuple[str, ...]) -> None:
    refused = operator.does("user", "ls", *arguments)

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert arguments[0] in refused.stderr


def test_shows_a_user_by_address_or_id(operator: Operator) -> None:
    ada = add(operator)

    by_address = operator.does("user", "show", "ADA@example.com")
    by_id = operator.reads("user", "show", str(ada.id))

    assert re.search(r"^role +user$", by_address.stdout, re.MULTILINE)
    assert re.search(r"^state +unverified$", by_address.stdout, re.MULTILINE)
    assert (by_id["email"], by_id["is_active"]) == ("ada@example.com", True)
    assert "password" not in by_address.output


@pytest.mark.parametrize("command", ["show", "sessions", "promote", "disable", "enable"])
def test_a_user_must_exist(operator: Operator, command: str) -> None:
    unknown = operator.does("user", command, str(uuid4()))
    malformed = operator.does("user", command, "ada@")

    assert (unknown.exit_code, unknown.stderr) == (1, "cmd.admin: There is no such user\n")
    assert (malformed.exit_code, malformed.stdout) == (2, "")
    assert "'ada@' is neither an id nor an email address" in malformed.stderr


def test_changes_a_role(operator: Operator) -> None:
    ada = add(operator)

    promoted = operator.does("user", "promote", "ada@example.com", "--yes")

    assert (promoted.exit_code, promoted.stdout) == (0, "ada@example.com: admin\n")
    assert stored(operator, ada).role is Role.ADMIN
    assert events(operator)[0].details == {"before": "user", "role": "admin", "source": "cli"}


@pytest.mark.parametrize(
    "command", [("promote", "--role", "user"), ("disable",)], ids=lambda command: command[0]
)
def test_keeps_the_last_admin(operator: Operator, command: tuple[str, ...]) -> None:
    ada = add(operator, role=Role.ADMIN)

    refused = operator.does("user", *command, "ada@example.com", "--yes")

    assert (refused.exit_code, refused.stderr) == (1, "cmd.admin: This is the last enabled admin\n")
    assert stored(operator, ada) == ada


def test_disables_and_enables_a_user(operator: Operator) -> None:
    ada = add(operator)
    log_in(operator, ada)

    disabled = operator.does("user", "disable", str(ada.id), "--yes")
    has_sessions = operator.reads("user", "sessions", str(ada.id))["sessions"] != []
    enabled = operator.reads("user", "enable", str(ada.id))

    assert disabled.stdout == "ada@example.com: disabled\n"
    assert not has_sessions
    assert enabled["is_active"]


def test_lists_and_ends_sessions(operator: Operator) -> None:
    ada = add(operator)
    log_in(operator, ada)
    log_in(operator, ada)

    _, *lines = operator.does("user", "sessions", "ada@example.com").stdout.splitlines()
    ended = operator.does("user", "sessions", "ada@example.com", "--revoke", "--yes")

    assert [line.split()[-2:] for line in lines] == [["192.0.2.7", r"Firefox\x1b[2J"]] * 2
    assert ended.stdout == "2 sessions ended\n"
    assert operator.does("user", "sessions", "ada@example.com").stdout == "ada@example.com has no sessions.\n"


@pytest.mark.parametrize("command", [("promote",), ("disable",), ("sessions", "--revoke")])
def test_asks_before_it_takes_something_away(operator: Operator, command: tuple[str, ...]) -> None:
    ada = add(operator)

    without_terminal = operator.does("user", *command, "ada@example.com")
    operator.installation.is_interactive = True
    declined = operator.does("user", *command, "ada@example.com", answer="n\n")

    assert (without_terminal.exit_code, declined.exit_code) == (2, 1)
    assert stored(operator, ada) == ada


def test_seeds_demo_users_once(operator: Operator) -> None:
    first = operator.reads("user", "seed")["created"]
    again = operator.does("user", "seed")

    assert {each["user"]["role"] for each in first} == {"admin", "viewer", "user"}
    assert len({each["password"] for each in first}) == len(first)
    assert again.stdout == "the demo users are there already\n"
    assert len(users(operator)) == len(first)


def test_seeds_nothing_in_production(operator: Operator) -> None:
    operator.installation.is_production = True

    refused = operator.does("user", "seed")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert users(operator) == []


def count_log_ins(operator: Operator, *moments: datetime) -> None:
    operator.installation.log_in_counts.counted = {uuid4(): moment for moment in moments}


def test_shows_the_log_ins_of_each_day_today_first(operator: Operator) -> None:
    count_log_ins(operator, *[NOON] * 1200, NOON - 2 * DAY, NOON - 3 * DAY)

    shown = operator.does("user", "log-ins", "--days", "3").stdout.splitlines()

    assert [line.split() for line in shown] == [
        ["DAY", "LOG-INS"],
        ["2030-01-01", "1,200"],
        ["2029-12-31", "0"],
        ["2029-12-30", "1"],
    ]


def test_a_script_reads_the_log_ins_of_two_weeks(operator: Operator) -> None:
    count_log_ins(operator, NOON)

    days = operator.reads("user", "log-ins")["days"]

    assert len(days) == 14
    assert days[:2] == [{"day": "2030-01-01", "log_ins": 1}, {"day": "2029-12-31", "log_ins": 0}]
