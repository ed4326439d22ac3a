from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from internal.domain.email_address import EmailAddress
from internal.ports.unavailable import Unavailable


class EmailRejected(Exception):
    """The mail server refused the message for good; sending it again cannot help."""


class MailServerUnreachable(Unavailable):
    """Nothing of the mail was handed over, and the mail server has not said a word against it."""


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
    async def send(self, email: Email, *, within: timedelta, accepted_within: timedelta) -> None:
        """Hand the mail to the mail server: all of it `within`, and then wait for the server's word on it.

        Whoever gives up that second wait will send the mail again, and cannot know whether it was accepted:
        `accepted_within` should be long.

        Raises:
            EmailRejected: refused for good.
            MailServerUnreachable: there is no server, or it fell silent before it could have the mail.
            TimeoutError: `accepted_within` was exceeded; the mail may have been sent nevertheless.
            Exception: anything else is worth another attempt.
        """
        ...
