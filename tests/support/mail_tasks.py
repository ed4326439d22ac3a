"""Handlers of mail tasks on fakes."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Protocol, TypeVar

from internal.application.tasks.bulkhead import Bulkhead
from internal.application.tasks.issue_link_token import IssueLinkToken
from internal.application.tasks.send_email_change import SendEmailChangeHandler
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.domain.user import User
from internal.infrastructure.email.mime import MimeComposer
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext
from internal.ports.user_reader import UserReader
from tests.fakes.clock import FakeClock
from tests.fakes.email_sender import FakeEmailSender
from tests.fakes.idempotency import FakeIdempotency
from tests.fakes.link_tokens import FakeLinkTokens
from tests.fakes.token_keeper import FakeTokenKeeper
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.fakes.user_reader import FakeUserReader

HandlerT_co = TypeVar("HandlerT_co", covariant=True)


class MakesHandler(Protocol[HandlerT_co]):
    def __call__(
        self, *, users: UserReader, issue_link_token: IssueLinkToken, send_email_once: SendEmailOnce
    ) -> HandlerT_co: ...


class MailTasks:
    """Every handler runs as the stored task `task-1`."""

    context = TaskContext(id="task-1", queue="default", retries=0, max_retries=25, deadline=None, headers={})

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.emails = FakeEmailSender()
        self.link_tokens = FakeLinkTokens()
        self.uow = FakeUnitOfWork(clock=self.clock)
        idempotency = FakeIdempotency(self.clock)
        idempotency.add(self.context.id)
        self.send_email_once = SendEmailOnce(
            idempotency=idempotency, email_sender=self.emails, bulkhead=Bulkhead(places=1)
        )
        self.issue_link_token = IssueLinkToken(
            link_tokens=self.link_tokens, token_keeper=FakeTokenKeeper(self.uow), clock=self.clock
        )

    def handler(self, made_by: MakesHandler[HandlerT_co]) -> HandlerT_co:
        return made_by(
            users=FakeUserReader(self.uow),
            issue_link_token=self.issue_link_token,
            send_email_once=self.send_email_once,
        )

    def email_change_handler(self) -> SendEmailChangeHandler:
        return SendEmailChangeHandler(
            uow=self.uow, issue_link_token=self.issue_link_token, send_email_once=self.send_email_once
        )

    async def add(self, user: User) -> User:
        async with self.uow:
            await self.uow.users.add(user)
            await self.uow.commit()
        return user

    async def disable(self, user: User) -> None:
        async with self.uow:
            await self.uow.users.save(user.disable(now=self.clock.now()))
            await self.uow.commit()

    def lapse_claim(self) -> None:
        """A failed attempt keeps its claim for some seconds."""
        self.clock.advance(timedelta(minutes=1))

    def text_of(self, email: Email) -> str:
        """The email as text; the templates must know all that they use."""
        composer = MimeComposer(
            mail_from="Users <no-reply@users.example>",
            app_name="Users",
            app_base_url="https://users.example",
            clock=self.clock,
        )
        content = composer.compose(email).content
        part = message_from_bytes(content, EmailMessage, policy=policy.default).get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")
