from collections.abc import Mapping
from datetime import timedelta

from internal.domain.account_token import VALID_FOR, AccountToken, TokenPurpose, digest_of
from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.link_tokens import LinkTokens
from internal.ports.token_keeper import TokenKeeper
from internal.ports.unit_of_work import UnitOfWork


class IssueLinkToken:
    """Gives the email of a task its token. Every attempt gets the same one, however the keys have changed."""

    def __init__(self, *, link_tokens: LinkTokens, token_keeper: TokenKeeper, clock: Clock) -> None:
        self._link_tokens = link_tokens
        self._token_keeper = token_keeper
        self._clock = clock

    async def __call__(
        self,
        purpose: TokenPurpose,
        *,
        user: User,
        recipient: EmailAddress,
        task_id: str,
        uow: UnitOfWork | None = None,
    ) -> Mapping[str, str]:
        """Store the token, unless an earlier attempt has done so. Return the variables of the email.

        uow: stores the token with its other changes. Without one, the token is stored at once.
        """
        texts = {digest_of(text): text for text in self._link_tokens.of(purpose, user.id, task_id)}
        newest, *older = texts
        token = AccountToken(
            digest=newest,
            purpose=purpose,
            user_id=user.id,
            email=recipient.value,
            expires_at=self._clock.now() + VALID_FOR[purpose],
        )
        tokens = uow.account_tokens if uow else self._token_keeper
        digest = await tokens.add(token, unless=older)
        return {"name": user.name.value, "token": texts[digest], "valid_for": _in_words(VALID_FOR[purpose])}


def _in_words(time: timedelta) -> str:
    hours = time // timedelta(hours=1)
    return "1 hour" if hours == 1 else f"{hours} hours"
