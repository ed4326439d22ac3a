from datetime import timedelta

import pytest

from internal.domain.account_token import AccountToken, TokenPurpose, digest_of
from internal.domain.user import User
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio

VERIFY, RESET = TokenPurpose.VERIFY_EMAIL, TokenPurpose.RESET_PASSWORD


@pytest.fixture
def tasks() -> MailTasks:
    return MailTasks()


async def issue(tasks: MailTasks, user: User, purpose: TokenPurpose = VERIFY) -> str:
    variables = await tasks.issue_link_token(purpose, user=user, recipient=user.email, task_id="task-1")
    return variables["token"]


async def test_stores_the_digest_of_the_token_and_what_it_is_for(tasks: MailTasks, ada: User) -> None:
    token = await issue(tasks, ada, RESET)

    [stored] = tasks.uow.account_tokens.by_digest.values()
    assert stored == AccountToken(
        digest=digest_of(token),
        purpose=RESET,
        user_id=ada.id,
        email="ada@example.com",
        expires_at=tasks.clock.now() + timedelta(hours=1),
    )


async def test_a_later_attempt_gets_the_same_token_which_does_not_live_longer(
    tasks: MailTasks, ada: User
) -> None:
    first = await issue(tasks, ada)
    [stored] = tasks.uow.account_tokens.by_digest.values()
    tasks.clock.advance(timedelta(hours=3))

    assert await issue(tasks, ada) == first
    assert list(tasks.uow.account_tokens.by_digest.values()) == [stored]


async def test_a_new_key_does_not_change_the_token_of_a_task_that_has_begun(
    tasks: MailTasks, ada: User
) -> None:
    first = await issue(tasks, ada)
    tasks.link_tokens.keys = ("newer", *tasks.link_tokens.keys)

    assert await issue(tasks, ada) == first
    assert len(tasks.uow.account_tokens.by_digest) == 1


async def test_a_unit_of_work_stores_the_token_with_its_other_changes(tasks: MailTasks, ada: User) -> None:
    async with tasks.uow as uow:
        await tasks.issue_link_token(VERIFY, user=ada, recipient=ada.email, task_id="task-1", uow=uow)

    assert tasks.uow.account_tokens.by_digest == {}


async def test_new_tokens_use_the_newest_key(tasks: MailTasks, ada: User) -> None:
    tasks.link_tokens.keys = ("newer", "older")

    token = await issue(tasks, ada)

    assert token == tasks.link_tokens.of(VERIFY, ada.id, "task-1")[0]


async def test_a_repeated_task_does_not_revive_a_used_token(tasks: MailTasks, ada: User) -> None:
    token = await issue(tasks, ada)
    async with tasks.uow as uow:
        assert await uow.account_tokens.use(digest_of(token), VERIFY)
        await uow.commit()

    assert await issue(tasks, ada) == token

    async with tasks.uow as uow:
        assert await uow.account_tokens.use(digest_of(token), VERIFY) is None


@pytest.mark.parametrize(
    ("purpose", "said"), [(VERIFY, "24 hours"), (RESET, "1 hour"), (TokenPurpose.CONFIRM_EMAIL, "24 hours")]
)
async def test_says_how_long_the_link_works(
    tasks: MailTasks, ada: User, purpose: TokenPurpose, said: str
) -> None:
    variables = await tasks.issue_link_token(purpose, user=ada, recipient=ada.email, task_id="task-1")

    assert variables["valid_for"] == said
