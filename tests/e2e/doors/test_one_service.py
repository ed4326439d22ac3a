"""What happens at one door is seen at the other."""

from dataclasses import replace
from uuid import uuid4

import pytest

from internal.domain.role import Role
from tests.support.doors.door import refusal_of
from tests.support.doors.operations import PAIRS
from tests.support.doors.samples import PASSWORD, sign_up
from tests.support.doors.site import Site


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_a_user_who_signs_up_at_one_door_is_known_at_the_other(site: Site, here: str, there: str) -> None:
    tokens = sign_up(site.client(here), email=f"  Ada.{uuid4().hex}@Example.com", name=" Ada\u0301 ")
    other = site.client(there, tokens.token)

    renamed = other.rename(name="Ada Lovelace")

    assert tokens.user.name == "Ad\u00e1"
    assert (renamed.id, renamed.email, renamed.name) == (tokens.user.id, tokens.user.email, "Ada Lovelace")
    assert site.client(here, tokens.token).me() == renamed == other.me()
    assert other.log_in(email=tokens.user.email, password=PASSWORD).user == renamed
    refreshed = other.refresh(refresh_token=tokens.refresh_token)
    assert site.client(here, refreshed.token).me() == renamed


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_what_an_admin_does_at_one_door_is_seen_at_the_other(site: Site, here: str, there: str) -> None:
    admin, subject = site.account(role=Role.ADMIN), site.account(is_verified=False)
    at_here, at_there = site.client(here, admin.token), site.client(there, admin.token)

    renamed = at_here.rename_user(subject.id, name="Grace Hopper")
    promoted = at_here.change_role(subject.id, role="viewer")
    disabled = at_here.disable_user(subject.id)

    assert at_there.view_user(subject.id) == disabled == at_here.view_user(subject.id)
    assert (renamed.name, promoted.role, disabled.role) == ("Grace Hopper", "viewer", "viewer")
    assert (promoted.is_active, disabled.is_active, disabled.is_verified) == (True, False, False)
    found = at_there.list_users(q=subject.user.email.value, role="viewer", state="disabled")
    assert (found.entries, found.total, found.next_cursor) == ([disabled], 1, None)


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_a_cursor_of_one_door_goes_on_at_the_other(site: Site, here: str, there: str) -> None:
    admin = site.account(role=Role.ADMIN)
    word = f"w{uuid4().hex}"
    for number in range(5):
        site.account(name=f"{word} {number}")
    query = {"q": word, "sort": "name", "limit": 2}

    first = site.client(here, admin.token).list_users(**query)
    second = site.client(there, admin.token).list_users(**query, cursor=first.next_cursor)
    third = site.client(here, admin.token).list_users(**query, cursor=second.next_cursor)

    entries = [*first.entries, *second.entries, *third.entries]
    assert [user.name for user in entries] == [f"{word} {number}" for number in range(5)]
    assert (first.total, second.total, third.next_cursor) == (5, None, None)


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_both_doors_show_the_same_sessions_and_events(site: Site, here: str, there: str) -> None:
    tokens = sign_up(site.client(here))
    elsewhere = site.client(there).log_in(email=tokens.user.email, password=PASSWORD)
    at_here, at_there = site.client(here, tokens.token), site.client(there, elsewhere.token)
    refusal_of(lambda: at_there.delete_account(password="wrong horse"))

    newest, oldest = at_here.sessions()
    assert at_there.sessions() == [replace(newest, current=True), replace(oldest, current=False)]
    assert (newest.current, oldest.current) == (False, True)
    assert at_here.security_events() == at_there.security_events()
    assert [(event.name, event.result) for event in at_here.security_events()] == [
        ("auth.reauthentication_failed", "failure"),
        ("auth.logged_in", "success"),
        ("auth.registered", "success"),
    ]
    admin = site.account(role=Role.ADMIN)
    query = {"subject": str(tokens.user.id), "result": "failure"}
    assert site.client(here, admin.token).all_security_events(**query) == at_here.security_events()[:1]
    assert site.client(there, admin.token).all_security_events(**query) == at_here.security_events()[:1]


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_both_doors_export_the_same(site: Site, here: str, there: str) -> None:
    tokens = sign_up(site.client(here))
    user = site.client(here, tokens.token)
    user.rename(name="Ada Lovelace")

    exported = site.client(there, tokens.token).export()

    assert exported == user.export()
    assert (exported.user, exported.sessions) == (user.me(), user.sessions())
    assert [task.name for task in exported.tasks] == ["email:welcome"]
    assert exported.security_events == user.security_events()
