import time
from dataclasses import replace
from datetime import timedelta

import pytest

from internal.application.admin.list_users import ListUsers, ListUsersCommand
from internal.domain.errors import InvalidInput, NotPermitted
from internal.domain.role import Role
from internal.ports.cursors import InvalidCursor
from internal.ports.user_directory import UserOrder
from tests.fakes.user_directory import FakeUserDirectory
from tests.support.administration import Office

pytestmark = pytest.mark.anyio


@pytest.fixture
def list_users(office: Office) -> ListUsers:
    return ListUsers(user_directory=FakeUserDirectory(office.uow.users))


async def test_numbers_the_pages(office: Office, list_users: ListUsers) -> None:
    for hours in range(1, 10):
        office.add(created_at=office.clock.now() + timedelta(hours=hours))
    command = ListUsersCommand(actor=office.admin, per_page=4)

    first = await list_users(command)
    third = await list_users(replace(command, page=3))
    beyond = await list_users(replace(command, page=10_000))

    assert first.numbered is not None
    assert (first.numbered.number, first.numbered.total, first.numbered.total_pages) == (1, 11, 3)
    assert (len(first.users), len(third.users), len(beyond.users)) == (4, 3, 0)
    assert (first.next is None, third.next is None) == (False, True)


async def test_without_users_there_are_no_pages(office: Office, list_users: ListUsers) -> None:
    listed = await list_users(ListUsersCommand(actor=office.admin, search="nobody"))

    assert listed.numbered is not None
    assert (listed.users, listed.numbered.total, listed.numbered.total_pages) == ([], 0, 0)


async def test_a_cursor_goes_on_without_a_count(office: Office, list_users: ListUsers) -> None:
    first = await list_users(ListUsersCommand(actor=office.admin, per_page=1))

    second = await list_users(ListUsersCommand(actor=office.admin, per_page=1, cursor=first.next))

    assert second.numbered is None
    assert {*first.users, *second.users} == {office.admin, office.subject}


async def test_viewers_list_users_but_users_do_not(office: Office, list_users: ListUsers) -> None:
    listed = await list_users(ListUsersCommand(actor=office.add(role=Role.VIEWER)))

    assert len(listed.users) == 3
    with pytest.raises(NotPermitted):
        await list_users(ListUsersCommand(actor=office.subject))


async def test_names_everything_that_is_out_of_range(office: Office, list_users: ListUsers) -> None:
    with pytest.raises(InvalidInput) as refused:
        await list_users(ListUsersCommand(actor=office.admin, per_page=101, page=0, search="\0"))

    assert refused.value.errors.keys() == {"limit", "page", "q"}


@pytest.mark.parametrize("search", ["\0", "a\nb", "\u202e", "\ud800", "...", "%", "a " * 11, "a" * 255])
async def test_refuses_a_search_that_finds_nothing(
    office: Office, list_users: ListUsers, search: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await list_users(ListUsersCommand(actor=office.admin, search=search))

    assert refused.value.errors.keys() == {"q"}


async def test_refuses_a_search_of_ten_megabytes_at_once(office: Office, list_users: ListUsers) -> None:
    command = ListUsersCommand(actor=office.admin, search="a " * 5_000_000)
    before = time.process_time()

    with pytest.raises(InvalidInput):
        await list_users(command)

    assert time.process_time() - before < 1  # second


async def test_refuses_a_cursor_of_another_order(office: Office, list_users: ListUsers) -> None:
    page = await list_users(ListUsersCommand(actor=office.admin, per_page=1))

    with pytest.raises(InvalidCursor):
        await list_users(ListUsersCommand(actor=office.admin, cursor=page.next, order=UserOrder.BY_NAME))
