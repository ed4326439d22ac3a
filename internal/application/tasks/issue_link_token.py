from collections.abc import Mapping
from datetime import timedelta

from internal.domain.account_token import VALID_FOR, AccountToken, TokenPurpose, digest_of
from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.link_tokens import LinkTokens
from internal.ports.unit_of_work import UnitOfWork


class IssueLinkToken:
    """Gives the email of a task its token. Every attempt gets the same one, however the keys have changed."""

    def __init__(self, *, link_tokens: LinkTokens, clock: Clock) -> None:
        self._link_tokens = link_tokens
        self._clock = clock

    async def __call__(
        self, uow: UnitOfWork, purpose: TokenPurpose, *, user: User, recipient: EmailAddress, task_id: str
    ) -> Mapping[str, str]:
        """Store the token, unless an earlier attempt has done so. Return the variables of the email."""
        tokens = {digest_of(token): token for token in self._link_tokens.of(purpose, user.id, task_id)}
        newest, *older = tokens
        token = AccountToken(
            digest=newest,
            purpose=purpose,
            user_id=user.id,
            email=recipient.value,
            expires_at=self._clock.now() + VALID_FOR[purpose],
        )
        digest = await uow.account_tokens.add(token, unless=older)
        return {"name": user.name.value, "token": tokens[digest], "valid_for": _in_words(VALID_FOR[purpose])}


def _in_words(time: timedelta) -> str:
    hours = time // timedelta(hours=1)
    return "1 hour" if hours == 1 else f"{hours} hours"
