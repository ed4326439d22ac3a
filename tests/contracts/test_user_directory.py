from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.role import Role
from internal.domain.search_words import words_of
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.ports.cursors import InvalidCursor
from internal.ports.unit_of_work import UnitOfWork
from internal.ports.user_directory import UserDirectory, UserFilter, UserOrder, UserState
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.fakes.user_directory import FakeUserDirectory

pytestmark = pytest.mark.anyio

EVERYBODY = UserFilter()


@dataclass(frozen=True)
class Store:
    directory: UserDirectory
    begin: Callable[[], UnitOfWork]

    async def add(self, *users: User) -> None:
        async with self.begin() as uow:
            for user in users:
                await uow.users.add(user)
            await uow.commit()

    async def names(
        self, wanted: UserFilter = EVERYBODY, *, order: UserOrder = UserOrder.BY_NAME
    ) -> list[str]:
        page = await self.directory.page(wanted, order=order, size=100)
        assert await self.directory.count(wanted, at_most=100) == len(page.users)
        return [user.name.value for user in page.users]

    async def search(self, text: str) -> list[str]:
        return await self.names(UserFilter(words=words_of(text)))


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        uow = FakeUnitOfWork()
        return Store(FakeUserDirectory(uow.users), lambda: uow)
    container: Container = request.getfixturevalue("container")
    return Store(container.database.user_directory(), container.database.unit_of_work)


@pytest.fixture
def named(ada: User) -> Callable[..., User]:
    def build(name: str, email: str = "", **changes: object) -> User:
        address = email or f"{uuid4().hex}@example.com"
        user = replace(ada, id=uuid4(), name=DisplayName.parse(name), email=EmailAddress.parse(address))
        return replace(user, **changes)  # type: ignore[arg-type]  # fields of a user

    return build


Named = Callable[..., User]


async def all_pages(store: Store, order: UserOrder, *, size: int = 2) -> Sequence[User]:
    users: list[User] = []
    cursor: str | None = None
    while True:
        page = await store.directory.page(EVERYBODY, order=order, size=size, cursor=cursor)
        users += page.users
        if page.next is None:
            return users
        cursor = page.next


async def test_lists_whole_users(store: Store, ada: User) -> None:
    changed = replace(ada, role=Role.ADMIN, disabled_at=ada.created_at, verified_at=ada.created_at)
    await store.add(changed)

    page = await store.directory.page(EVERYBODY, order=UserOrder.NEWEST_FIRST, size=10)

    assert (list(page.users), page.next) == ([changed], None)


async def test_an_empty_directory_has_one_empty_page(store: Store) -> None:
    page = await store.directory.page(EVERYBODY, order=UserOrder.NEWEST_FIRST, size=10)

    assert (list(page.users), page.next) == ([], None)
    assert await store.directory.count(EVERYBODY, at_most=10) == 0


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (UserOrder.NEWEST_FIRST, ["bob", "Ada", "Cleo"]),
        (UserOrder.OLDEST_FIRST, ["Cleo", "Ada", "bob"]),
        (UserOrder.BY_EMAIL, ["Ada", "Cleo", "bob"]),
        (UserOrder.BY_EMAIL_BACKWARDS, ["bob", "Cleo", "Ada"]),
        (UserOrder.BY_NAME, ["Ada", "bob", "Cleo"]),
        (UserOrder.BY_NAME_BACKWARDS, ["Cleo", "bob", "Ada"]),
    ],
)
async def test_orders_users(
    store: Store, named: Named, ada: User, order: UserOrder, expected: list[str]
) -> None:
    await store.add(
        named("Ada", "a@example.com", created_at=ada.created_at + timedelta(hours=1)),
        named("bob", "z@example.com", created_at=ada.created_at + timedelta(hours=2)),
        named("Cleo", "m@example.com"),
    )

    assert await store.names(order=order) == expected


@pytest.mark.parametrize("order", [order for order in UserOrder if order.attribute != "email"])
async def test_equal_users_are_ordered_by_their_id(store: Store, named: Named, order: UserOrder) -> None:
    users = [named("Ada") for _ in range(7)]
    await store.add(*users)

    listed = await all_pages(store, order)

    ids = sorted((user.id for user in users), reverse=order.is_descending)
    assert [user.id for user in listed] == ids


@pytest.mark.parametrize("order", UserOrder)
async def test_pages_by_cursor_neither_repeat_nor_skip_users_while_others_come_and_go(
    store: Store, named: Named, ada: User, order: UserOrder
) -> None:
    users = [
        named(f"user {number}", f"u{number}@example.com", created_at=ada.created_at + timedelta(hours=number))
        for number in range(0, 20, 2)
    ]
    await store.add(*users)
    listed: list[UUID] = []
    cursor: str | None = None
    for number in range(1, 21, 2):
        page = await store.directory.page(EVERYBODY, order=order, size=2, cursor=cursor)
        listed += [user.id for user in page.users]
        cursor = page.next
        if cursor is None:
            break
        created_at = ada.created_at + timedelta(hours=number)
        await store.add(named(f"new {number}", f"u{number}x@example.com", created_at=created_at))
        async with store.begin() as uow:
            await uow.users.delete(page.users[-1])
            await uow.commit()

    assert len(listed) == len(set(listed))
    assert set(listed) >= {user.id for user in users}


async def test_skips_users_before_a_numbered_page(store: Store, named: Named) -> None:
    await store.add(*(named(name) for name in "abcde"))

    page = await store.directory.page(EVERYBODY, order=UserOrder.BY_NAME, size=2, skip=2)
    last = await store.directory.page(EVERYBODY, order=UserOrder.BY_NAME, size=2, skip=4)
    beyond = await store.directory.page(EVERYBODY, order=UserOrder.BY_NAME, size=2, skip=1000)

    assert [user.name.value for user in page.users] == ["c", "d"]
    assert page.next is not None
    assert ([user.name.value for user in last.users], last.next) == (["e"], None)
    assert (list(beyond.users), beyond.next) == ([], None)


async def test_finds_the_beginnings_of_words_of_the_name_and_the_address(store: Store, named: Named) -> None:
    await store.add(
        named("Ada Lovelace", "countess@analytical.example"),
        named("Grace O'Brien-Hopper", "g.hopper+navy@example.com"),
        named("Zoë Müller", "zoe@example.org"),
        named("जयशंकर प्रसाद", "jp@example.in"),
    )

    assert await store.search("love") == ["Ada Lovelace"]
    assert await store.search("ADA analytical") == ["Ada Lovelace"]
    assert await store.search("countess@analytical.example") == ["Ada Lovelace"]
    assert await store.search("o'brien") == ["Grace O'Brien-Hopper"]
    assert await store.search("navy hop") == ["Grace O'Brien-Hopper"]
    assert await store.search("MÜLL") == ["Zoë Müller"]
    assert await store.search("प्रसा") == ["जयशंकर प्रसाद"]
    assert await store.search("lace") == []
    assert await store.search("ada hopper") == []


@pytest.mark.parametrize(
    "text",
    [
        "%",
        "a_a",
        "' OR '1'='1",
        "a:*|b",
        "!a",
        "a\\",
        "<b>",
        "\\'",
        "a & b",
        "(a",
        "🎉",
        "'; DROP TABLE users; --",
    ],
)
async def test_no_text_is_read_as_anything_but_words(store: Store, named: Named, text: str) -> None:
    await store.add(named("Nobody", "nobody@example.com"))

    found = await store.search(text)

    assert found == (["Nobody"] if not words_of(text) else [])


async def test_filters_by_role_and_state(store: Store, named: Named, ada: User) -> None:
    at = ada.created_at
    await store.add(
        named("admin", role=Role.ADMIN, verified_at=at),
        named("former admin", role=Role.ADMIN, verified_at=at, disabled_at=at),
        named("viewer", role=Role.VIEWER, disabled_at=at),
        named("user"),
    )

    assert await store.names(UserFilter(role=Role.ADMIN)) == ["admin", "former admin"]
    assert await store.names(UserFilter(role=Role.USER)) == ["user"]
    assert await store.names(UserFilter(state=UserState.ACTIVE)) == ["admin", "user"]
    assert await store.names(UserFilter(state=UserState.DISABLED)) == ["former admin", "viewer"]
    assert await store.names(UserFilter(state=UserState.UNVERIFIED)) == ["user", "viewer"]
    combined = UserFilter(words=("admin",), role=Role.ADMIN, state=UserState.DISABLED)
    assert await store.names(combined) == ["former admin"]


async def test_counts_no_further_than_asked(store: Store, named: Named) -> None:
    await store.add(*(named(name) for name in "abcde"))

    assert await store.directory.count(EVERYBODY, at_most=3) == 3
    assert await store.directory.count(EVERYBODY, at_most=5) == 5


@pytest.mark.parametrize(
    "cursor", ["", "garbage", "!", "e30", "W10", "MTIz", "bnVsbA", "é", "\ud800", "=" * 9]
)
async def test_refuses_what_is_not_a_cursor(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        await store.directory.page(EVERYBODY, order=UserOrder.BY_NAME, size=2, cursor=cursor)


@pytest.mark.parametrize("order", UserOrder)
async def test_refuses_a_cursor_of_another_order(store: Store, named: Named, order: UserOrder) -> None:
    await store.add(*(named(name) for name in "ab"))
    page = await store.directory.page(EVERYBODY, order=order, size=1)

    for other in set(UserOrder) - {order}:
        with pytest.raises(InvalidCursor):
            await store.directory.page(EVERYBODY, order=other, size=1, cursor=page.next)
