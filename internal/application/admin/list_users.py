import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from internal.application.administration import Actor
from internal.application.page_sizes import is_page_size, problem_of_size
from internal.domain.errors import InvalidInput
from internal.domain.role import Permission, Role
from internal.domain.search_words import words_of
from internal.domain.user import User
from internal.ports.user_directory import UserDirectory, UserFilter, UserOrder, UserState

MOST_NUMBERED = 100_000
LONGEST_SEARCH = 254
MOST_WORDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsersCommand:
    """`search`: words, or beginnings of words, of the name or the address. All of them must be found."""

    actor: Actor
    search: str = ""
    role: Role | None = None
    state: UserState | None = None
    order: UserOrder = UserOrder.NEWEST_FIRST
    per_page: int = 10
    page: int | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPage:
    """The place of a page in the whole list."""

    number: int
    total: int
    total_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUsers:
    """`numbered` is None for a page by cursor, because counting all users takes longer than the page."""

    users: Sequence[User]
    next: str | None
    numbered: NumberedPage | None


class ListUsers:
    def __init__(self, *, user_directory: UserDirectory) -> None:
        self._user_directory = user_directory

    async def __call__(self, command: ListUsersCommand) -> ListedUsers:
        """Return one page of the users.

        Raises:
            NotPermitted: the actor may not see users.
            InvalidInput: names every value that is out of range, also a cursor of another order.
        """
        command.actor.require(Permission.VIEW_USERS)
        wanted = UserFilter(words=_checked(command), role=command.role, state=command.state)
        number = command.page or 1
        page = await self._user_directory.page(
            wanted,
            order=command.order,
            size=command.per_page,
            skip=(number - 1) * command.per_page,
            cursor=command.cursor,
        )
        numbered = await self._numbered(number, wanted, command.per_page) if command.cursor is None else None
        return ListedUsers(users=page.users, next=page.next, numbered=numbered)

    async def _numbered(self, number: int, wanted: UserFilter, per_page: int) -> NumberedPage:
        total = await self._user_directory.count(wanted, at_most=MOST_NUMBERED)
        return NumberedPage(number=number, total=total, total_pages=-(-total // per_page))


def _checked(command: ListUsersCommand) -> tuple[str, ...]:
    """The words to search for. Raises InvalidInput."""
    # To split ten megabytes takes seconds, in which nobody else is served.
    words = words_of(command.search[:LONGEST_SEARCH])
    problems = {
        "limit": problem_of_size(command.per_page),
        "page": _problem_of_page(command),
        "q": _problem_of(command.search, words),
    }
    if errors := {name: [problem] for name, problem in problems.items() if problem}:
        raise InvalidInput(errors)
    return words


def _problem_of_page(command: ListUsersCommand) -> str | None:
    if command.page is None:
        return None
    if command.cursor is not None:
        return "must not be combined with a cursor"
    last = MOST_NUMBERED // command.per_page if is_page_size(command.per_page) else MOST_NUMBERED
    return None if 1 <= command.page <= last else f"must be between 1 and {last}; use a cursor to go further"


def _problem_of(search: str, words: tuple[str, ...]) -> str | None:
    if len(search) > LONGEST_SEARCH or len(words) > MOST_WORDS:
        return f"must have at most {MOST_WORDS} words and {LONGEST_SEARCH} characters"
    if any(unicodedata.category(character).startswith("C") for character in search):
        return "must not contain control or invisible characters"
    if search.strip() and not words:
        return "must contain a letter or a digit"
    return None
