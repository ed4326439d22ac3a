from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from internal.domain.email_address import EmailAddress


class EmailRejected(Exception):
    """The mail server refused the message for good; sending it again cannot help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One mail to one person: the template `kind` filled in with `variables`.

    `message_id` identifies the mail over all attempts to send it.
    """

    kind: str
    recipient: EmailAddress
    variables: Mapping[str, str]
    message_id: str


class EmailSender(Protocol):
    async def send(self, email: Email, *, within: timedelta) -> None:
        """Hand the mail to the mail server.

        Raises:
            EmailRejected: refused for good.
            TimeoutError: not accepted `within` this time; it may have been sent nevertheless.
            Exception: anything else is worth another attempt.
        """
        ...
