from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from internal.application.tasks.count_log_in import CountLogIn
from internal.application.tasks.erase_traces import EraseTraces
from internal.application.tasks.send_password_changed import SendPasswordChanged
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.events import UserCreated
from internal.domain.role import Role
from internal.domain.user import EmailAlreadyRegistered, LastAdmin, User, UserChanged
from internal.infrastructure.bootstrap.container import Container
from internal.ports.tasks import Task
from internal.ports.unit_of_work import UnitOfWork
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Store:
    """`begin` makes a unit of work on the same data."""

    begin: Callable[[], UnitOfWork]
    delivered: Callable[[], list[Task]]


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        uow = FakeUnitOfWork()
        return Store(lambda: uow, lambda: [published.task for published in uow.published])
    container: Container = request.getfixturevalue("container")
    redis_url: str = request.getfixturevalue("redis_url")
    decode = container.taskqueue.codec().decode
    return Store(
        container.database.unit_of_work,
        lambda: [decode(task.message.actor_name, task.message.kwargs) for task in queued(redis_url)],
    )


class Mistake(Exception):
    """Whatever may go wrong in a use case."""


async def sign_up(uow: UnitOfWork, user: User) -> None:
    await uow.users.add(user)
    await uow.tasks.publish(SendWelcomeEmail(user_id=user.id))


async def sign_up_and_fail(store: Store, user: User, *, commit: bool) -> None:
    async with store.begin() as uow:
        await sign_up(uow, user)
        if commit:
            await uow.commit()
        raise Mistake


async def stored(store: Store, user_id: UUID) -> User | None:
    async with store.begin() as uow:
        return await uow.users.get(user_id)


async def test_a_committed_task_is_stored_and_delivered(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        await sign_up(uow, ada)
        await uow.commit()

    assert await stored(store, ada.id) == ada
    assert store.delivered() == [SendWelcomeEmail(user_id=ada.id)]


async def test_without_a_commit_nothing_happened(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        await sign_up(uow, ada)

    assert await stored(store, ada.id) is None
    assert store.delivered() == []


async def test_a_mistake_undoes_everything(store: Store, ada: User) -> None:
    with pytest.raises(Mistake):
        await sign_up_and_fail(store, ada, commit=False)

    assert await stored(store, ada.id) is None
    assert store.delivered() == []


async def test_a_mistake_after_the_commit_undoes_nothing(store: Store, ada: User) -> None:
    with pytest.raises(Mistake):
        await sign_up_and_fail(store, ada, commit=True)

    assert await stored(store, ada.id) == ada
    assert store.delivered() == [SendWelcomeEmail(user_id=ada.id)]


async def test_nothing_is_delivered_before_the_commit(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        await sign_up(uow, ada)
        before = store.delivered()
        await uow.commit()

    assert before == []
    assert store.delivered() == [SendWelcomeEmail(user_id=ada.id)]


async def test_a_unit_of_work_sees_what_it_has_added(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        await uow.users.add(ada)

        assert await uow.users.get(ada.id) == ada


async def test_finds_users_by_id_and_by_email(store: Store, ada: User) -> None:
    eve = replace(ada, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    async with store.begin() as uow:
        await uow.users.add(ada)
        await uow.users.add(eve)
        await uow.commit()

    async with store.begin() as uow:
        assert await uow.users.get(ada.id) == ada
        assert await uow.users.get_by_email(eve.email) == eve


async def test_finds_no_user_that_was_not_added(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        assert await uow.users.get(ada.id) is None
        assert await uow.users.get_by_email(ada.email) is None


async def test_refuses_an_email_that_is_taken(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        await sign_up(uow, ada)
        await uow.commit()
    namesake = replace(ada, id=uuid4())

    with pytest.raises(EmailAlreadyRegistered):
        async with store.begin() as uow:
            await sign_up(uow, namesake)

    assert await stored(store, namesake.id) is None
    assert store.delivered() == [SendWelcomeEmail(user_id=ada.id)]


async def add(store: Store, *users: User) -> None:
    async with store.begin() as uow:
        for user in users:
            await uow.users.add(user)
        await uow.commit()


async def change(store: Store, user: User) -> None:
    async with store.begin() as uow:
        await uow.users.save(user)
        await uow.commit()


async def test_stores_every_change_of_a_user(store: Store, ada: User) -> None:
    await add(store, ada)
    later = ada.updated_at + timedelta(hours=1)
    changed = (
        ada.rename(DisplayName.parse("Countess"), now=later)
        .change_email(EmailAddress.parse("countess@example.com"), now=later)
        .change_password("another", now=later)
        .change_role(Role.ADMIN, now=later)
        .disable(now=later)
    )

    await change(store, replace(changed, version=2))

    assert await stored(store, ada.id) == replace(changed, version=2)


async def test_of_two_changes_of_one_version_the_second_is_refused(store: Store, ada: User) -> None:
    await add(store, ada)
    renamed = ada.rename(DisplayName.parse("Countess"), now=ada.updated_at)
    await change(store, renamed)

    with pytest.raises(UserChanged):
        await change(store, ada.disable(now=ada.updated_at))

    assert await stored(store, ada.id) == renamed


async def test_a_user_cannot_change_to_an_address_that_is_taken(store: Store, ada: User) -> None:
    eve = replace(ada, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    await add(store, ada, eve)

    async with store.begin() as uow:
        with pytest.raises(EmailAlreadyRegistered) as raised:
            await uow.users.save(eve.change_email(ada.email, now=eve.updated_at))
        assert await uow.users.get(eve.id) == eve

    assert "ada@" not in str(raised.value)


async def test_deletes_a_user_once(store: Store, ada: User) -> None:
    await add(store, ada)

    async with store.begin() as uow:
        assert await uow.users.delete(ada)
        assert not await uow.users.delete(ada)
        await uow.commit()

    assert await stored(store, ada.id) is None
    with pytest.raises(UserChanged):
        await change(store, ada.disable(now=ada.updated_at))


async def test_knows_whether_a_user_is_the_only_enabled_admin(store: Store, ada: User) -> None:
    admin = replace(ada, role=Role.ADMIN)
    eve = replace(admin, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    await add(store, admin, eve.disable(now=eve.updated_at))

    async with store.begin() as uow:
        with pytest.raises(LastAdmin):
            await uow.users.require_other_admin(admin)
        await uow.users.require_other_admin(eve)


async def test_another_enabled_admin_is_enough(store: Store, ada: User) -> None:
    admin = replace(ada, role=Role.ADMIN)
    eve = replace(admin, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    await add(store, admin, eve)

    async with store.begin() as uow:
        await uow.users.require_other_admin(admin)


async def test_replaces_the_hash_that_the_caller_has_seen(store: Store, ada: User) -> None:
    await add(store, ada)

    async with store.begin() as uow:
        assert await uow.users.replace_password_hash(ada, "another")
        await uow.commit()

    assert await stored(store, ada.id) == replace(ada, password_hash="another")


async def test_keeps_a_hash_that_changed_after_it_was_read(store: Store, ada: User) -> None:
    changed = replace(ada, password_hash="of a new password")
    await add(store, changed)

    async with store.begin() as uow:
        assert not await uow.users.replace_password_hash(ada, "another")
        assert not await uow.users.replace_password_hash(replace(ada, id=uuid4()), "another")
        await uow.commit()

    assert await stored(store, ada.id) == changed


def newly_registered(user: User) -> User:
    created = UserCreated(
        user_id=user.id, user_version=user.version, occurred_at=user.created_at, is_verified=False
    )
    return replace(user, recorded=created)


async def test_subscribers_to_a_new_user_get_their_task_with_the_user(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        await uow.users.add(newly_registered(ada))
        await uow.commit()

    assert store.delivered() == [SendWelcomeEmail(user_id=ada.id)]


async def test_subscribers_to_a_change_get_their_task_with_the_change(store: Store, ada: User) -> None:
    await add(store, ada)
    later = ada.updated_at + timedelta(hours=1)

    await change(store, ada.change_password("another", now=later))

    assert store.delivered() == [SendPasswordChanged(user_id=ada.id, changed_at=later)]


async def test_subscribers_to_a_deletion_get_their_task_with_the_deletion(store: Store, ada: User) -> None:
    await add(store, ada)

    async with store.begin() as uow:
        assert await uow.users.delete(ada.delete(now=ada.updated_at))
        assert not await uow.users.delete(ada.delete(now=ada.updated_at))
        await uow.commit()

    assert store.delivered() == [EraseTraces(deleted_user_id=ada.id)]


async def test_subscribers_to_a_recorded_event_get_their_task_with_the_rest(store: Store, ada: User) -> None:
    event = ada.logged_in(uuid4(), now=ada.updated_at)

    async with store.begin() as uow:
        await uow.users.add(ada)
        uow.record(event)
        before = store.delivered()
        await uow.commit()

    assert before == []
    assert store.delivered() == [CountLogIn(event_id=event.id, occurred_at=event.occurred_at)]


async def test_without_a_commit_no_subscriber_gets_a_task(store: Store, ada: User) -> None:
    async with store.begin() as uow:
        await uow.users.add(newly_registered(ada))
        uow.record(ada.logged_in(uuid4(), now=ada.updated_at))
    async with store.begin() as uow:
        await uow.commit()

    assert store.delivered() == []


async def test_a_change_that_is_refused_publishes_nothing(store: Store, ada: User) -> None:
    eve = replace(ada, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    await add(store, ada, eve)
    stale = replace(ada, version=7).change_password("another", now=ada.updated_at)
    namesake = eve.change_email(ada.email, now=eve.updated_at)

    async with store.begin() as uow:
        with pytest.raises(UserChanged):
            await uow.users.save(stale)
        with pytest.raises(EmailAlreadyRegistered):
            await uow.users.save(replace(namesake, recorded=stale.recorded))
        with pytest.raises(EmailAlreadyRegistered):
            await uow.users.add(newly_registered(replace(ada, id=uuid4())))
        await uow.commit()

    assert store.delivered() == []


async def test_an_event_is_published_once_however_often_its_user_is_stored(store: Store, ada: User) -> None:
    user = newly_registered(ada)
    await add(store, user)

    with pytest.raises(EmailAlreadyRegistered):
        await add(store, user)
    with pytest.raises(UserChanged):
        await change(store, user)
    await change(store, user.rename(DisplayName.parse("Countess"), now=ada.updated_at))

    assert store.delivered() == [SendWelcomeEmail(user_id=ada.id)]


async def test_the_tasks_of_all_events_and_all_others_go_together(store: Store, ada: User) -> None:
    event = ada.logged_in(uuid4(), now=ada.updated_at)
    other = SendWelcomeEmail(user_id=uuid4())

    async with store.begin() as uow:
        await uow.users.add(newly_registered(ada))
        await uow.tasks.publish(other)
        uow.record(event)
        await uow.commit()

    delivered = store.delivered()
    assert len(delivered) == 3
    assert {SendWelcomeEmail(user_id=ada.id), other} <= set(delivered)
