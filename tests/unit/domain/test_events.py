"""Every change of a user records an event for subscribers."""

import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.events import Event, UserCreated, UserDeleted, UserLoggedIn, UserUpdated
from internal.domain.role import Role
from internal.domain.user import User

CREATED_AT = datetime(2030, 3, 4, 12, tzinfo=UTC)
NOT_OF_THE_CHANGE = {"version", "updated_at", "recorded"}

names = st.sampled_from(["Ada", "Countess", "Zoë"]).map(DisplayName.parse)
addresses = st.sampled_from(["ada@example.com", "countess@example.com"]).map(EmailAddress.parse)
passwords = st.sampled_from(["hash", "another", "a third"])
# Each method that changes a user, with what it takes beside the time.
CHANGES: dict[str, st.SearchStrategy[tuple[object, ...]]] = {
    "rename": st.tuples(names),
    "verify_email": st.just(()),
    "change_email": st.tuples(addresses),
    "change_password": st.tuples(passwords),
    "reset_password": st.tuples(passwords),
    "change_role": st.tuples(st.sampled_from(Role)),
    "disable": st.just(()),
    "enable": st.just(()),
    "end_all_sessions": st.just(()),
}
Change = Callable[[User, datetime], User]


def change_named(name: str) -> st.SearchStrategy[Change]:
    return CHANGES[name].map(lambda given: lambda user, now: getattr(user, name)(*given, now=now))


changes = st.sampled_from(sorted(CHANGES)).flatmap(change_named)


def new_user() -> User:
    return User.register(
        user_id=UUID(int=1),
        email=EmailAddress.parse("ada@example.com"),
        name=DisplayName.parse("Ada"),
        password_hash="hash",
        now=CREATED_AT,
    )


def event_of(user: User) -> Event:
    assert user.recorded
    return user.recorded


def test_these_are_all_methods_that_change_a_user() -> None:
    takes_time = {
        name
        for name, method in inspect.getmembers(User, inspect.isfunction)
        if not name.startswith("_") and "now" in inspect.signature(method).parameters
    }

    assert takes_time == {*CHANGES, "delete", "logged_in"}


def test_a_new_account_records_an_event() -> None:
    assert new_user().recorded == UserCreated(
        user_id=UUID(int=1), user_version=1, occurred_at=CREATED_AT, is_verified=False
    )


@given(st.lists(changes, min_size=1, max_size=10))
def test_every_change_records_its_version_its_time_and_the_fields(made: list[Change]) -> None:
    user, ids = new_user(), [event_of(new_user()).id]
    for minute, change in enumerate(made):
        now = CREATED_AT + timedelta(minutes=minute)

        changed = change(user, now)

        differ = {
            field.name for field in fields(User) if getattr(user, field.name) != getattr(changed, field.name)
        }
        assert changed.recorded == UserUpdated(
            user_id=user.id,
            user_version=user.version + 1,
            occurred_at=now,
            changed=frozenset(differ - NOT_OF_THE_CHANGE),
        )
        assert changed.version == user.version + 1
        user, ids = changed, [*ids, event_of(changed).id]
    assert len(set(ids)) == len(ids)


@given(st.lists(changes, max_size=3))
def test_a_deletion_records_the_last_event(made: list[Change]) -> None:
    user = new_user()
    for change in made:
        user = change(user, CREATED_AT)

    deleted = user.delete(now=CREATED_AT)

    assert deleted.recorded == UserDeleted(
        user_id=user.id, user_version=user.version + 1, occurred_at=CREATED_AT
    )


def test_every_log_in_is_an_event_of_its_own() -> None:
    user = new_user()

    first, second = (user.logged_in(UUID(int=number), now=CREATED_AT) for number in (2, 3))

    assert first == UserLoggedIn(
        user_id=user.id, user_version=1, occurred_at=CREATED_AT, session_id=UUID(int=2)
    )
    assert len({first.id, second.id, event_of(user).id}) == 3


def test_the_same_event_has_the_same_id_in_every_process() -> None:
    assert event_of(new_user()).id == UUID("a137985b-fac3-5ffd-9a55-0d3110c203dc")


def test_an_event_is_not_a_part_of_its_user() -> None:
    user = new_user()

    assert user == replace(user, recorded=None)
    assert "recorded" not in repr(user)
