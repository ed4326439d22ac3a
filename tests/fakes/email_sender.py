import asyncio
from datetime import timedelta

from internal.ports.email_sender import Email


class FakeEmailSender:
    """Keeps what was sent, or raises `failure` for as long as there is one.

    While `accepting` is not set, a mail is neither accepted nor refused.
    """

    def __init__(self) -> None:
        self.sent: list[Email] = []
        self.failure: Exception | None = None
        self.accepting = asyncio.Event()
        self.accepting.set()

    async def send(self, email: Email, *, within: timedelta, accepted_within: timedelta) -> None:
        async with asyncio.timeout((within + accepted_within).total_seconds()):
            await self.accepting.wait()
        if self.failure:
            raise self.failure
        self.sent.append(email)
