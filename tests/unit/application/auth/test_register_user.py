from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from internal.application.auth.register_user import IdempotencyKeyReused, RegisterUser, RegisterUserCommand
from internal.application.new_password import CommonPassword
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.errors import InvalidInput, RateLimited
from internal.domain.security_event import EventName
from internal.domain.user import EmailAlreadyRegistered
from internal.ports.idempotent_requests import RequestInProgress
from internal.ports.rate_limiter import Limit, Quota
from tests.fakes.clock import NOON
from tests.fakes.site import FakeSite
from tests.support.callers import CALLER
from tests.support.new_password import new_password

pytestmark = pytest.mark.anyio

ADA = RegisterUserCommand(email=" Ada@Example.com", name="Ada ", password="correct horse", caller=CALLER)
# The same person again, in another spelling.
ADA_AGAIN = RegisterUserCommand(
    email="ADA@example.com", name="Another", password="battery staple", caller=CALLER
)


class SignUp(FakeSite):
    def __init__(self) -> None:
        super().__init__()
        self.register_user = self.taking_ids_from(uuid4)

    def taking_ids_from(self, new_id: Callable[[], UUID]) -> RegisterUser:
        return RegisterUser(
            uow=self.uow,
            password_hasher=self.hasher,
            new_password=new_password(hasher=self.hasher),
            rate_limiter=self.limits,
            open_session=self.open_session,
            clock=self.clock,
            new_id=new_id,
        )


@pytest.fixture
def sign_up() -> SignUp:
    return SignUp()


async def test_stores_the_user(sign_up: SignUp) -> None:
    registered = await sign_up.register_user(ADA)

    user = sign_up.uow.users.by_id[registered.user.id]
    assert user == registered.user
    assert (user.email.value, user.name.value) == ("ada@example.com", "Ada")
    assert user.created_at == NOON


async def test_stores_the_password_only_as_a_hash(sign_up: SignUp) -> None:
    registered = await sign_up.register_user(ADA)

    assert registered.user.password_hash != ADA.password
    assert await sign_up.hasher.verify(ADA.password, registered.user.password_hash)


async def test_answers_with_a_token_of_the_new_user(sign_up: SignUp) -> None:
    registered = await sign_up.register_user(ADA)

    token = sign_up.tokens.verify(registered.tokens.access_token)
    assert token.user_id == registered.user.id
    assert token.session_id == registered.tokens.session_id
    assert sign_up.events == [EventName.REGISTERED]


async def test_publishes_one_welcome_mail(sign_up: SignUp) -> None:
    registered = await sign_up.register_user(ADA)

    [published] = sign_up.uow.published
    assert published.task == SendWelcomeEmail(user_id=registered.user.id)


async def test_rejects_an_email_that_is_taken(sign_up: SignUp) -> None:
    first = await sign_up.register_user(ADA)

    with pytest.raises(EmailAlreadyRegistered):
        await sign_up.register_user(ADA_AGAIN)

    assert list(sign_up.uow.users.by_id) == [first.user.id]
    assert len(sign_up.uow.published) == 1


async def test_names_every_invalid_field_at_once(sign_up: SignUp) -> None:
    with pytest.raises(InvalidInput) as rejected:
        await sign_up.register_user(
            RegisterUserCommand(email="nobody", name="1", password="short", caller=CALLER)
        )

    assert set(rejected.value.errors) == {"email", "name", "password"}


async def test_refuses_a_common_password_with_its_own_code(sign_up: SignUp) -> None:
    with pytest.raises(CommonPassword):
        await sign_up.register_user(replace(ADA, password="password"))

    assert sign_up.hasher.hashed == []
    assert sign_up.uow.users.by_id == {}


async def test_names_a_common_password_beside_other_invalid_fields(sign_up: SignUp) -> None:
    with pytest.raises(InvalidInput) as rejected:
        await sign_up.register_user(replace(ADA, email="nobody", password="password"))

    assert rejected.value.code == "VALIDATION_ERROR"
    assert set(rejected.value.errors) == {"email", "password"}


async def test_names_what_could_not_be_read_beside_what_is_invalid(sign_up: SignUp) -> None:
    command = replace(ADA, email="nobody", name="", unreadable={"name": ["must be a string"]})

    with pytest.raises(InvalidInput) as rejected:
        await sign_up.register_user(command)

    assert rejected.value.errors == {
        "email": ["must be a valid email address"],
        "name": ["must be a string"],
    }


async def test_refuses_what_could_not_be_read_where_all_else_is_valid(sign_up: SignUp) -> None:
    with pytest.raises(InvalidInput):
        await sign_up.register_user(replace(ADA, unreadable={"role": ["is unknown"]}))

    assert sign_up.hasher.hashed == []
    assert sign_up.uow.users.by_id == {}


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (RegisterUserCommand(email="nobody", name="Ada", password="correct horse", caller=CALLER), "email"),
        (
            RegisterUserCommand(email="ada@example.com", name="1", password="correct horse", caller=CALLER),
            "name",
        ),
        (
            RegisterUserCommand(email="ada@example.com", name="Ada", password="short", caller=CALLER),
            "password",
        ),
    ],
)
async def test_invalid_input_is_neither_hashed_nor_stored(
    sign_up: SignUp, command: RegisterUserCommand, field: str
) -> None:
    with pytest.raises(InvalidInput) as rejected:
        await sign_up.register_user(command)

    assert set(rejected.value.errors) == {field}
    assert sign_up.hasher.hashed == []
    assert sign_up.uow.users.by_id == {}
    assert sign_up.uow.published == []


async def test_a_repetition_has_the_same_user_and_no_second_mail(sign_up: SignUp) -> None:
    first = await sign_up.register_user(replace(ADA, idempotency_key="key"))
    again = await sign_up.register_user(replace(ADA, idempotency_key="key"))

    assert again.user == first.user
    assert sign_up.tokens.verify(again.tokens.access_token).user_id == first.user.id
    assert len({first.tokens.session_id, again.tokens.session_id}) == len(sign_up.uow.sessions.by_id) == 2
    assert len(sign_up.uow.published) == 1
    assert sign_up.events == [EventName.REGISTERED]


@pytest.mark.parametrize(
    "other",
    [replace(ADA, email="eve@example.com"), replace(ADA, name="Eve"), replace(ADA, password="wrong horse")],
    ids=["email", "name", "password"],
)
async def test_a_key_stands_for_one_request(sign_up: SignUp, other: RegisterUserCommand) -> None:
    await sign_up.register_user(replace(ADA, idempotency_key="key"))

    with pytest.raises(IdempotencyKeyReused):
        await sign_up.register_user(replace(other, idempotency_key="key"))

    assert len(sign_up.uow.users.by_id) == len(sign_up.uow.published) == 1


async def test_a_repetition_does_not_wait_for_the_first(sign_up: SignUp) -> None:
    sign_up.uow.requests.in_progress.add("key")

    with pytest.raises(RequestInProgress):
        await sign_up.register_user(replace(ADA, idempotency_key="key"))

    assert sign_up.uow.users.by_id == {}


async def test_a_rejected_sign_up_leaves_its_key_unused(sign_up: SignUp) -> None:
    await sign_up.register_user(ADA)
    with pytest.raises(EmailAlreadyRegistered):
        await sign_up.register_user(replace(ADA_AGAIN, idempotency_key="key"))

    other = replace(ADA_AGAIN, email="eve@example.com", idempotency_key="key")
    registered = await sign_up.register_user(other)

    assert registered.user.email.value == "eve@example.com"


async def test_neither_command_nor_result_shows_a_secret(sign_up: SignUp) -> None:
    registered = await sign_up.register_user(ADA)

    assert ADA.password not in repr(ADA)
    assert registered.tokens.access_token not in repr(registered)
    assert registered.tokens.refresh_token not in repr(registered)
    assert registered.user.password_hash not in repr(registered)


async def test_takes_ids_from_outside(sign_up: SignUp) -> None:
    wanted = UUID(int=7)

    registered = await sign_up.taking_ids_from(lambda: wanted)(ADA)

    assert registered.user.id == wanted


async def test_a_client_that_tries_too_often_makes_no_checks(sign_up: SignUp) -> None:
    sign_up.limits.quotas = {Limit.SIGN_UP_ATTEMPTS_PER_CLIENT: Quota(2, timedelta(minutes=1))}
    weak = replace(ADA, password="password")
    for _ in range(2):
        with pytest.raises(CommonPassword):
            await sign_up.register_user(weak)

    for command in (weak, ADA):
        with pytest.raises(RateLimited):
            await sign_up.register_user(command)

    assert sign_up.uow.users.by_id == {}


async def test_valid_sign_ups_of_a_client_are_limited(sign_up: SignUp) -> None:
    sign_up.limits.quotas = {Limit.SIGN_UPS_PER_CLIENT: Quota(2, timedelta(hours=1))}
    with pytest.raises(InvalidInput):
        await sign_up.register_user(replace(ADA, name=""))
    await sign_up.register_user(ADA)
    with pytest.raises(EmailAlreadyRegistered):
        await sign_up.register_user(ADA_AGAIN)

    with pytest.raises(RateLimited):
        await sign_up.register_user(replace(ADA, email="eve@example.com"))

    assert len(sign_up.uow.users.by_id) == 1
    assert len(sign_up.hasher.hashed) == 2
