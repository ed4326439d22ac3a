from datetime import timedelta

from internal.ports.email_sender import Email


class FakeEmailSender:
    """Keeps what was sent, or raises `failure` for as long as there is one."""

    def __init__(self) -> None:
        self.sent: list[Email] = []
        self.limits: list[timedelta] = []
        self.failure: Exception | None = None

    async def send(self, email: Email, *, within: timedelta) -> None:
        self.limits.append(within)
        if self.failure:
            raise self.failure
        self.sent.append(email)
