from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from internal.domain.email_address import EmailAddress
from internal.ports.unavailable import Unavailable


class EmailRejected(Exception):
    """The mail server refused the mail permanently; sending it again cannot help."""


class MailServerUnreachable(Unavailable):
    """No part of the mail was handed over, and the mail server has not refused it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One mail to one person: the template `kind`, filled in with `variables`.

    `message_id` identifies the mail in all attempts to send it.
    """

    kind: str
    recipient: EmailAddress
    # Names, and tokens that give access to accounts.
    variables: Mapping[str, str] = field(repr=False)
    message_id: str


class EmailSender(Protocol):
    async def send(self, email: Email, *, within: timedelta, accepted_within: timedelta) -> None:
        """Transmit the mail to the mail server `within` this time, then wait for the server to accept it.

        `accepted_within` limits the second wait and should be long. A caller that stops waiting does not know
        whether the mail was accepted, and will send it again.

        Raises:
            EmailRejected: the server refused the mail permanently.
            MailServerUnreachable: there is no server, or it stopped answering before it had the mail.
            TimeoutError: `accepted_within` has passed; the mail may have been sent.
            Exception: another attempt may succeed.
        """
        ...
